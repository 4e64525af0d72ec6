import { assert, describe, it } from "@effect/vitest"
import type { ExperimentResults } from "../../ports/experiments/ExperimentResults.ts"
import { experimentPicture } from "./experimentPicture.ts"

const point = (date: string, lift: number | null) => ({
  date,
  metric: "purchase",
  variant: "short",
  control_units: 100,
  variant_units: 100,
  lift,
  lift_interval: lift === null ? null : ([lift - 10, lift + 10] as const),
  difference_interval: null,
  p_value: null
})

const results = (series: ReturnType<typeof point>[]): ExperimentResults => ({
  experiment_id: "checkout",
  variants: ["control", "short"].map((id) => ({
    id,
    name: id === "short" ? "Short form" : "As it is",
    participants: 100,
    conversions: 10,
    conversion_rate: 0.1,
    confidence_interval: [0, 1]
  })),
  is_significant: false,
  p_value: 1,
  lift: 0,
  sample_size_needed: null,
  method: "sequential",
  plan: { method: "sequential", alpha: 0.05, power: 0.8, correction: "holm", tuning_units: 5000 },
  control: "control",
  comparisons: [],
  metrics: [
    {
      metric: { id: "purchase", name: "Purchase", role: "goal", kind: "rate", direction: "increase" },
      arms: [],
      prior_bias: null,
      sample_size_needed: null,
      minimum_detectable_effect: null
    }
  ],
  series,
  split: null,
  excluded: { two_variants: 0, bots: 0, immature: 0, carried_over: 0 },
  progress: { planned_units: null, share_reached: null, days_left: null, full_days: 2 },
  recommendation: { action: "keep_running", reasons: ["not_significant"] },
  warnings: [],
  watermark: "0"
})

describe("the picture of an experiment", () => {
  it("has the lift and both ends of its interval, day by day, and says the last of them in words", () => {
    const picture = experimentPicture(results([point("2026-11-01", null), point("2026-11-02", 25)]))!
    assert.strictEqual(picture.title, "Purchase: lift by day")
    assert.strictEqual(picture.note, "2026-11-01 – 2026-11-02 · intervals at 95 %, valid on every day")
    assert.strictEqual(picture.description, "Short form: 25.0 % (15.0 % to 35.0 %) on 2026-11-02")
    assert.strictEqual(picture.shape?.kind, "series")
    if (picture.shape?.kind !== "series") return
    assert.deepStrictEqual(
      picture.shape.series.map(({ name, values }) => [name, values]),
      [
        ["Short form", [null, 25]],
        ["Short form, lower end", [null, 15]],
        ["Short form, upper end", [null, 35]]
      ]
    )
  })

  it("says that there is nothing to show, and nothing of a metric that is not there", () => {
    const empty = experimentPicture(results([]), "purchase", "Checkout")!
    assert.deepInclude(empty, { title: "Checkout", shape: undefined, description: "Short form: nothing yet" })
    assert.isUndefined(experimentPicture(results([]), "revenue"))
  })
})
