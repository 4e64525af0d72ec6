import { describe, expect, it } from "vitest"
import type { ExperimentMetricPlan, ExperimentPlan } from "../../ports/analytics/ExperimentPlan.ts"
import {
  capText,
  carriedOverText,
  cellsText,
  exposuresText,
  metricText,
  slicedUnitsText,
  slicesText,
  steppedUnitsText,
  unitCountsText,
  unitsText,
  valuesText
} from "./experimentText.ts"

const january = Date.parse("2026-01-01T00:00:00Z")
const dayMillis = 86_400_000
const ordered = { kind: "is", field: { kind: "column", column: "event_type" }, value: "order_completed" } as const

const plain: ExperimentMetricPlan = {
  part: { filter: ordered, value: { kind: "count" } },
  denominator: undefined,
  yes: false,
  fromMillis: 0,
  untilMillis: undefined,
  complete: false,
  cap: undefined,
  historyMillis: undefined
}
const pro = { kind: "is", field: { kind: "trait", name: "plan", asOf: "today" }, value: "pro" } as const

const plan: ExperimentPlan = {
  kind: "experiment",
  workspace: "it's",
  revisions: "",
  experiment: "short's",
  phase: 2,
  variants: ["control", "it's"],
  fromMillis: january,
  toMillis: january + 10 * dayMillis,
  buckets: [{ fromMillis: january, first: 0, widthMillis: dayMillis }],
  conversions: [{ currency: "USD", fromMillis: january, numerator: 10n, denominator: 11n }],
  metrics: [
    { ...plain, yes: true },
    {
      ...plain,
      part: { filter: ordered, value: { kind: "revenue" } },
      untilMillis: 3 * dayMillis,
      complete: true,
      cap: { kind: "percentile", share: 0.99, ignoreZeros: true },
      historyMillis: 14 * dayMillis
    },
    {
      ...plain,
      part: { filter: ordered, value: { kind: "property", name: "items" } },
      denominator: { filter: pro, value: { kind: "count" } }
    }
  ]
}

describe("the text of an experiment's evidence", () => {
  it("is the golden one", async () => {
    const texts = [
      exposuresText(plan),
      unitsText(plan),
      unitCountsText,
      carriedOverText(plan),
      cellsText(plan),
      capText(plan.metrics[1]!, 1)!,
      metricText(plan, 0, undefined, "alone"),
      metricText(plan, 1, 250, "alone"),
      metricText(plan, 2, undefined, "intended"),
      valuesText(plan, { kind: "column", column: "country" }),
      valuesText(plan, { kind: "trait", name: "plan", asOf: "event" }),
      slicesText(20),
      slicedUnitsText(plan),
      exposuresText({ ...plan, steps: [january] }),
      steppedUnitsText(plan, [january, january + dayMillis])
    ]
    await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/experiment.sql")
  })
})
