import { expect, it } from "vitest"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { sessionAttributes } from "../../ports/analytics/SessionAttribute.ts"
import type { SessionPlan } from "../../ports/analytics/SessionPlan.ts"
import { sessionGroupsText, sessionListText, sessionSumsText } from "./sessionSumsText.ts"
import {
  sessionlessBeforeText,
  sessionlessText,
  sessionRowsText,
  sessionSpansText,
  sessionTimesText
} from "./sessionText.ts"

const campaign: PlanFilter = { kind: "is_set", field: { kind: "column", column: "campaign" } }
const referrer: PlanFilter = { kind: "is_set", field: { kind: "column", column: "referrer_host" } }
const plan: SessionPlan = {
  kind: "session",
  workspace: "default",
  revisions: "",
  fromMillis: 1_000_000,
  toMillis: 3_000_000,
  limits: { idleMillis: 1000, maximumMillis: 5000 },
  sources: { isSource: { kind: "or", filters: [campaign, referrer] }, hasExternalReferrer: referrer },
  channel: { kind: "channel", rules: [{ channel: "campaign", when: campaign }], otherwise: "direct" },
  filter: { kind: "is", field: { kind: "session", attribute: "entry_path" }, value: "/" },
  holding: { kind: "is", field: { kind: "column", column: "event_type" }, value: "order_completed" },
  breakdown: "channel",
  top: 25,
  buckets: [{ fromMillis: 1_000_000, first: 0, widthMillis: 1_000_000 }]
}

it("builds the text of questions about sessions as it is kept", async () => {
  const rows = { selection: plan, derived: true, firstMillis: 1_000_000, lastMillis: 4_000_000 }
  const texts = [
    sessionlessText(plan),
    sessionlessBeforeText(plan),
    sessionTimesText(plan),
    sessionSpansText(plan, true),
    sessionRowsText({ ...rows, attributes: ["entry_path", "channel"], named: false }),
    sessionGroupsText(plan),
    sessionSumsText(plan, ["direct", "campaign"]),
    sessionRowsText({ ...rows, attributes: sessionAttributes, named: true, derived: false }),
    sessionListText({ ...plan, kind: "session_list", before: { startMillis: 5, key: "ff" }, limit: 26 })
  ]
  await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/session.sql")
})
