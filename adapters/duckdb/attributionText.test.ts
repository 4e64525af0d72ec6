import { expect, it } from "vitest"
import { attributionDimensions } from "../../ports/analytics/AttributionPlan.ts"
import type { AttributionPlan } from "../../ports/analytics/AttributionPlan.ts"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import {
  attributionConversionsText,
  attributionCreditsText,
  attributionEventsText,
  attributionLeftOutText,
  attributionPeopleText,
  attributionTouchesText,
  sessionTouchesText,
  touchSpansText
} from "./attributionText.ts"

const campaign: PlanFilter = { kind: "is_set", field: { kind: "column", column: "campaign" } }
const referrer: PlanFilter = { kind: "is_set", field: { kind: "column", column: "referrer_host" } }
const plan: AttributionPlan = {
  kind: "attribution",
  workspace: "default",
  revisions: "",
  fromMillis: 1_000_000,
  toMillis: 3_000_000,
  conversions: {
    kind: "orders",
    conversions: [{ currency: "EUR", fromMillis: 0, numerator: 11n, denominator: 10n }]
  },
  filter: { kind: "is", field: { kind: "column", column: "country" }, value: "DE" },
  lookBackMillis: 86_400_000,
  keepDirect: false,
  dimension: "channel",
  limits: { idleMillis: 1000, maximumMillis: 5000 },
  sources: { isSource: { kind: "or", filters: [campaign, referrer] }, hasExternalReferrer: referrer },
  channel: { kind: "channel", rules: [{ channel: "campaign", when: campaign }], otherwise: "direct" }
}
const range = { fromMillis: 500_000, toMillis: 4_000_000 }
const selection: PlanFilter = { kind: "is", field: { kind: "column", column: "event_type" }, value: "lead_won" }

it("builds the text of attribution as it is kept", async () => {
  const texts = [
    attributionEventsText(plan),
    attributionEventsText({ ...plan, conversions: { kind: "events", selection, property: "score" } }),
    attributionConversionsText,
    attributionCreditsText(10),
    attributionLeftOutText,
    attributionPeopleText(plan),
    touchSpansText(plan, true, range),
    ...attributionDimensions.map((dimension) => sessionTouchesText({ ...plan, dimension }, false, range)),
    attributionTouchesText(plan, 10),
    attributionTouchesText({ ...plan, keepDirect: true }, 10)
  ]
  await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/attribution.sql")
})
