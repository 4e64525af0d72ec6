import { describe, expect, it } from "vitest"
import type { ExperimentMetricPlan, ExperimentPlan } from "../../ports/analytics/ExperimentPlan.ts"
import { deedsText, eventColumnsOf, eventColumnsText, eventsText, gapsText } from "./experimentEventsText.ts"
import { completionColumnsText, completionsTexts } from "./experimentFunnelText.ts"
import { quantileText } from "./experimentQuantileText.ts"
import {
  carriedOverText,
  peopleText,
  sharedUnitsText,
  slicedUnitsText,
  slicesText,
  steppedUnitsText,
  unitColumnsText,
  unitSubjectsText,
  unitsText,
  valuesText
} from "./experimentUnitsText.ts"

const january = Date.parse("2026-01-01T00:00:00Z")
const dayMillis = 86_400_000
const ofType = (value: string) => ({ kind: "is", field: { kind: "column", column: "event_type" }, value }) as const
const ordered = ofType("order_completed")

const plain: ExperimentMetricPlan = {
  part: { filter: ordered, value: { kind: "count" } },
  denominator: undefined,
  funnel: undefined,
  quantile: undefined,
  yes: false,
  fromMillis: 0,
  untilMillis: undefined,
  complete: false,
  cap: undefined,
  beforeMillis: 14 * dayMillis,
  adjusts: false
}
const pro = { kind: "is", field: { kind: "trait", name: "plan", asOf: "today" }, value: "pro" } as const

const rate: ExperimentMetricPlan = { ...plain, yes: true }
const revenue: ExperimentMetricPlan = {
  ...plain,
  part: { filter: ordered, value: { kind: "revenue" } },
  untilMillis: 3 * dayMillis,
  complete: true,
  cap: { kind: "percentile", share: 0.99, ignoreZeros: false },
  beforeMillis: 7 * dayMillis,
  adjusts: true
}
const ratio: ExperimentMetricPlan = {
  ...plain,
  part: { filter: ordered, value: { kind: "property", name: "items" } },
  denominator: { filter: pro, value: { kind: "count" } },
  cap: { kind: "absolute", value: 9 },
  adjusts: true
}
const funnel: ExperimentMetricPlan = {
  ...plain,
  yes: true,
  funnel: {
    order: "sequential",
    steps: [ofType("page_view"), ordered],
    filter: undefined,
    windowMillis: 2 * dayMillis,
    exclusions: []
  },
  untilMillis: 3 * dayMillis
}
const median: ExperimentMetricPlan = {
  ...plain,
  part: { filter: ordered, value: { kind: "property", name: "items" } },
  quantile: { share: 0.5, per: "event", ignoreZeros: true, reach: 1.96 }
}

const plan: ExperimentPlan = {
  kind: "experiment",
  workspace: "it's",
  revisions: "",
  experiment: "short's",
  exposures: { eventType: "experiment_exposed", experiment: "experiment_id", variant: "variant" },
  phase: 2,
  variants: ["control", "it's"],
  fromMillis: january,
  toMillis: january + 10 * dayMillis,
  buckets: [{ fromMillis: january, first: 0, widthMillis: dayMillis }],
  conversions: [{ currency: "USD", fromMillis: january, numerator: 10n, denominator: 11n }],
  metrics: [rate, revenue, ratio, funnel, median, { ...median, quantile: { ...median.quantile!, per: "unit" } }]
}

describe("the text of an experiment's evidence", () => {
  it("is the golden one", async () => {
    const columns = eventColumnsOf(plan)
    const texts = [
      peopleText(plan),
      unitsText(plan),
      unitColumnsText,
      unitSubjectsText,
      carriedOverText,
      eventsText(plan, columns),
      eventColumnsText(columns, { first: 0, end: 1000 }),
      gapsText(plan, 7 * dayMillis),
      deedsText(plan, columns),
      ...completionsTexts(plan, columns, 3),
      completionColumnsText,
      quantileText(plan, columns, 4, "alone", "after"),
      quantileText(plan, columns, 5, "intended", "before"),
      valuesText(plan, { field: { kind: "column", column: "country" }, which: "last" }),
      valuesText(plan, { field: { kind: "column", column: "source" }, which: "first" }),
      valuesText(plan, { field: { kind: "trait", name: "plan", asOf: "event" }, which: "last" }),
      slicesText(20),
      slicedUnitsText(plan),
      sharedUnitsText(plan, { ...plan, experiment: "other", variants: ["a", "b", "c"] }),
      steppedUnitsText(plan, [january, january + dayMillis]),
      peopleText({ ...plan, trigger: { kind: "and", filters: [ordered, pro] } }),
      unitsText({ ...plan, trigger: ordered })
    ]
    await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/experiment.sql")
  })
})
