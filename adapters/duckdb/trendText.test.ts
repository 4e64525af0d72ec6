import { expect, it } from "vitest"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import type { TrendPlan } from "../../ports/analytics/TrendPlan.ts"
import { answerText, gatherText, topText } from "./trendText.ts"

const thanked: PlanFilter = {
  kind: "and",
  filters: [
    { kind: "is", field: { kind: "column", column: "event_type" }, value: "page_view" },
    { kind: "matches", field: { kind: "column", column: "path" }, pattern: "/a.b's/*/**thanks" }
  ]
}
const plan: TrendPlan = {
  kind: "trend",
  workspace: "default",
  fromMillis: 1_000_000,
  toMillis: 3_000_000,
  eventTypes: [],
  filter: undefined,
  metrics: [
    { kind: "people" },
    { kind: "events", where: thanked },
    { kind: "people", where: thanked },
    { kind: "people_share", where: thanked },
    { kind: "sum", property: "amount", where: thanked },
    { kind: "revenue", where: thanked }
  ],
  breakdown: [{ kind: "column", column: "country" }],
  order: { metric: 0, direction: "descending" },
  skip: 0,
  top: 25,
  buckets: [{ fromMillis: 1_000_000, first: 0, widthMillis: 1_000_000 }],
  conversions: [{ currency: "EUR", fromMillis: 0, numerator: 11n, denominator: 10n }],
  unconverted: [],
  revisions: ""
}

it("builds the text of trends as it is kept", async () => {
  const texts = [
    gatherText(plan, "events", false),
    gatherText(plan, "orders", false),
    topText(plan),
    answerText(plan, "events", [["DE"], ["FR"]]),
    answerText(plan, "events", [["DE"], ["FR"]], true),
    answerText(plan, "orders", [["DE"], ["FR"]])
  ]
  await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/trend.sql")
})
