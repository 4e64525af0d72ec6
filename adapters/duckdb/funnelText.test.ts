import { expect, it } from "vitest"
import type { FunnelPlan } from "../../ports/analytics/FunnelPlan.ts"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import {
  funnelAttemptsText,
  funnelBestText,
  funnelColumnsText,
  funnelEventsText,
  funnelRowsText
} from "./funnelText.ts"

const did = (type: string): PlanFilter => ({
  kind: "one_of",
  field: { kind: "column", column: "event_type" },
  values: [type]
})

const inGermany: PlanFilter = { kind: "is", field: { kind: "column", column: "country" }, value: "DE" }

const plan: FunnelPlan = {
  kind: "funnel",
  workspace: "it's",
  revisions: "r",
  fromMillis: 1000,
  toMillis: 5000,
  order: "sequential",
  steps: [did("page_view"), did("order_completed")],
  filter: inGermany,
  windowMillis: 100,
  exclusions: [],
  breakdown: { kind: "property", name: "plan" },
  breakdownAt: "first",
  top: 2,
  binStartsMillis: [0, 1000]
}

it("walks along columns of events, of a share of the people where there are many, and joins steps otherwise", async () => {
  const excluding: FunnelPlan = { ...plan, exclusions: [{ filter: did("cart_emptied"), after: 0, before: 1 }] }
  const texts = [
    funnelColumnsText(plan, { first: 0, end: 256 }),
    funnelColumnsText({ ...plan, breakdown: undefined }, { first: 128, end: 256 }),
    funnelColumnsText({ ...plan, breakdown: undefined, steps: [did("page_view"), inGermany] }, { first: 0, end: 256 }),
    funnelEventsText(excluding),
    funnelAttemptsText(excluding),
    funnelBestText(excluding),
    funnelRowsText(excluding, ["pro"], 7000)
  ]
  await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/funnel.sql")
})
