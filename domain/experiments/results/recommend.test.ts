import { assert, describe, it } from "@effect/vitest"
import { analysisDefaults } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { AnalysisMethod } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { Comparison, GuardrailVerdict, MetricResult } from "../../../ports/experiments/ExperimentResults.ts"
import { recommend } from "./recommend.ts"
import type { Findings } from "./recommend.ts"

const refused = { outcome: "refused", reason: "no_units" } as const

const comparison = (verdict: Comparison["verdict"], more: Partial<Comparison> = {}): Comparison => ({
  metric: "purchase",
  role: "goal",
  variant: "short",
  control_mean: 0.2,
  variant_mean: 0.25,
  difference: 0.05,
  lift: 25,
  p_value: 0.01,
  adjusted_p_value: 0.01,
  is_significant: verdict !== "undecided",
  verdict,
  fixed: refused,
  sequential: refused,
  power_now: null,
  projected: null,
  ...more
})

const guardrail = (state: GuardrailVerdict["state"], variant = "short"): Comparison =>
  comparison("undecided", { metric: "crash", role: "guardrail", variant, guardrail: { state, margin: 1, bound: -2 } })

const findings = (comparisons: ReadonlyArray<Comparison>, more: Partial<Findings> & { method?: AnalysisMethod } = {}) =>
  recommend({
    plan: { ...analysisDefaults, method: more.method ?? "sequential" },
    comparisons,
    metrics: [],
    split: { units: 2000, p_value: 0.5, mismatch: false, chi_square: 0.2, chi_square_p_value: 0.6 },
    progress: { planned_units: 1000, share_reached: 1, days_left: 0, full_days: 7 },
    ...more
  })

describe("a recommendation", () => {
  it("ships what is better on a goal after a full week", () => {
    assert.deepStrictEqual(findings([comparison("better"), guardrail("safe")]), {
      action: "ship",
      variant: "short",
      reasons: ["goal_better"]
    })
  })

  it("waits for seven full days, for a sound split, for arms that were alike, for guardrails", () => {
    const waits = (answer: ReturnType<typeof findings>, reason: (typeof answer)["reasons"][number]) => {
      assert.strictEqual(answer.action, "keep_running")
      assert.deepStrictEqual(answer.reasons, ["goal_better", reason])
    }
    const better = [comparison("better")]
    const progress = { planned_units: 1000, share_reached: 0.5, days_left: 5, full_days: 6 }
    waits(findings(better, { progress }), "too_few_days")
    const split = { units: 2000, p_value: 0.0001, mismatch: true, chi_square: 40, chi_square_p_value: 0 }
    waits(findings(better, { split }), "ratio_mismatch")
    const biased = { metric: { role: "goal" }, prior_bias: { adjusted_p_value: 0, biased: true } } as MetricResult
    waits(findings(better, { metrics: [biased] }), "prior_bias")
    waits(findings([...better, guardrail("at_risk")]), "guardrail_at_risk")
    waits(findings([...better, guardrail("unknown")]), "guardrail_at_risk")
  })

  it("a fixed-horizon test waits for its planned units, a sequence does not", () => {
    const progress = { planned_units: 1000, share_reached: 0.9, days_left: 1, full_days: 9 }
    assert.strictEqual(findings([comparison("better")], { progress }).action, "ship")
    assert.deepStrictEqual(findings([comparison("better")], { progress, method: "fixed" }), {
      action: "keep_running",
      reasons: ["goal_better", "planned_units_not_reached"]
    })
  })

  it("rolls back what harms, before the week is over, but only when every variant does", () => {
    const progress = { planned_units: 1000, share_reached: 0.1, days_left: 9, full_days: 1 }
    const harmed = [comparison("better"), guardrail("harmed")]
    assert.deepStrictEqual(findings(harmed, { progress }), { action: "roll_back", reasons: ["guardrail_harmed"] })
    const other = comparison("undecided", { variant: "long" })
    assert.strictEqual(findings([...harmed, other], { progress }).action, "keep_running")
    assert.deepStrictEqual(findings([...harmed, comparison("better", { variant: "long" })]), {
      action: "ship",
      variant: "long",
      reasons: ["goal_better"]
    })
  })

  it("of two that are better takes the surer one, and says nothing of none", () => {
    const surer = comparison("better", { variant: "long", adjusted_p_value: 0.001 })
    assert.strictEqual(findings([comparison("better"), surer]).variant, "long")
    assert.deepStrictEqual(findings([]), { action: "keep_running", reasons: ["not_significant"] })
    assert.deepStrictEqual(findings([comparison("undecided")]), {
      action: "keep_running",
      reasons: ["not_significant"]
    })
  })
})
