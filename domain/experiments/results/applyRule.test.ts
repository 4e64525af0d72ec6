import { assert, describe, it } from "@effect/vitest"
import { analysisDefaults } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { InconclusiveEnd } from "../../../ports/experiments/DecisionRule.ts"
import type { AnalysisMethod } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type {
  Comparison,
  GuardrailVerdict,
  MetricResult,
  Recommendation,
  RecommendationReason
} from "../../../ports/experiments/ExperimentResults.ts"
import { applyRule } from "./applyRule.ts"
import type { Findings } from "./applyRule.ts"

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

const ruled = (comparisons: ReadonlyArray<Comparison>, more: Partial<Findings> & { method?: AnalysisMethod } = {}) =>
  applyRule({
    plan: { ...analysisDefaults, method: more.method ?? "sequential" },
    comparisons,
    metrics: [],
    split: { units: 2000, p_value: 0.5, mismatch: false, chi_square: 0.2, chi_square_p_value: 0.6 },
    progress: { planned_units: 1000, share_reached: 1, days_left: 0, full_days: 7 },
    ...more
  })
const findings = (...given: Parameters<typeof ruled>) => ruled(...given).recommendation

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

const metric = (id: string, direction: "increase" | "decrease" = "increase") =>
  ({ metric: { id, name: id, role: "goal", kind: "rate", direction }, prior_bias: null }) as unknown as MetricResult
const goal = (id: string, verdict: Comparison["verdict"], more: Partial<Comparison> = {}) =>
  comparison(verdict, { metric: id, ...more })
const later = (full_days: number, share_reached: number | null = 1) => ({
  planned_units: 1000,
  share_reached,
  days_left: 0,
  full_days
})

describe("a registered rule", () => {
  const metrics = [metric("purchase"), metric("trial")]

  it("asks for all of its goals, and lets no other one be worse", () => {
    const rule = { goals: [{ id: "purchase" }, { id: "trial" }] }
    const both = [goal("purchase", "better"), goal("trial", "better")]
    const one = [goal("purchase", "better"), goal("trial", "undecided")]
    assert.strictEqual(findings(both, { metrics, rule }).action, "ship")
    assert.strictEqual(findings(one, { metrics }).action, "ship")
    assert.deepStrictEqual(findings(one, { metrics, rule }), {
      action: "keep_running",
      reasons: ["required_goal_undecided"]
    })
    // Another goal alone does not ship.
    assert.strictEqual(findings(one, { metrics, rule: { goals: [{ id: "trial" }] } }).action, "keep_running")
    const worse = [...both, goal("visit", "worse")]
    assert.deepStrictEqual(findings(worse, { metrics, rule }), { action: "roll_back", reasons: ["goal_worse"] })
  })

  it("of two variants takes the one whose least sure goal is surer", () => {
    const rule = { goals: [{ id: "purchase" }, { id: "trial" }] }
    const of = (variant: string, ...p: ReadonlyArray<number>) =>
      p.map((adjusted_p_value, at) => goal(metrics[at]!.metric.id, "better", { variant, adjusted_p_value }))
    const two = [...of("a", 0.001, 0.04), ...of("b", 0.02, 0.02)]
    assert.strictEqual(findings(two, { metrics, rule }).variant, "b")
    assert.strictEqual(findings(two, { metrics }).variant, "a")
  })

  it("asks for an effect of practical worth, measured or surely reached, absolute or relative, more or less", () => {
    const block = (difference: readonly [number, number], lift: readonly [number, number] | null) => ({
      outcome: "tested" as const,
      p_value: 0.001,
      adjusted_p_value: 0.001,
      is_significant: true,
      difference_interval: difference,
      lift_interval: lift
    })
    const found = goal("purchase", "better", {
      difference: 0.05,
      lift: 25,
      sequential: block([0.02, 0.08], [10, 40])
    })
    const action = (
      kind: "absolute" | "relative",
      value: number,
      shown_by?: "estimate" | "interval",
      comparisons: ReadonlyArray<Comparison> = [found],
      more: Parameters<typeof ruled>[1] = {}
    ) => {
      const asked = { id: "purchase", minimum_effect: { kind, value }, ...(shown_by === undefined ? {} : { shown_by }) }
      return findings(comparisons, { metrics, rule: { goals: [asked] }, ...more })
    }
    const small: Recommendation = { action: "keep_running", reasons: ["effect_too_small"] }
    assert.strictEqual(action("absolute", 0.05).action, "ship")
    assert.deepStrictEqual(action("absolute", 0.051), small)
    assert.strictEqual(action("relative", 0.25).action, "ship")
    assert.deepStrictEqual(action("relative", 0.251), small)
    assert.strictEqual(action("absolute", 0.02, "interval").action, "ship")
    assert.deepStrictEqual(action("absolute", 0.021, "interval"), small)
    assert.strictEqual(action("relative", 0.1, "interval").action, "ship")
    assert.deepStrictEqual(action("relative", 0.101, "interval"), small)
    // The other test's interval, or none, shows nothing.
    assert.deepStrictEqual(action("relative", 0.01, "interval", [found], { method: "fixed" }), small)
    const untold = goal("purchase", "better", { sequential: block([0.02, 0.08], null), lift: null })
    assert.deepStrictEqual(action("relative", 0.01, "interval", [untold]), small)
    assert.deepStrictEqual(action("relative", 0.01, "estimate", [untold]), small)
    const less = goal("purchase", "better", {
      difference: -0.05,
      lift: -25,
      sequential: block([-0.08, -0.02], [-40, -10])
    })
    const fewer = { metrics: [metric("purchase", "decrease")] }
    assert.strictEqual(action("absolute", 0.05, "estimate", [less], fewer).action, "ship")
    assert.strictEqual(action("relative", 0.1, "interval", [less], fewer).action, "ship")
    assert.deepStrictEqual(action("relative", 0.11, "interval", [less], fewer), small)
    const believed = goal("purchase", "better", {
      lift: 25,
      bayesian: {
        outcome: "judged",
        chance_to_win: 0.999,
        risk: { control: 0, treatment: 0 },
        credible_interval: [12, 39]
      }
    })
    assert.strictEqual(action("relative", 0.12, "interval", [believed], { method: "bayesian" }).action, "ship")
    assert.deepStrictEqual(action("relative", 0.13, "interval", [believed], { method: "bayesian" }), small)
  })

  it("waits for its days and its share of the planned units, and never for less than the usual rule", () => {
    const better = [goal("purchase", "better")]
    const rule = { minimum_days: 14, minimum_share: 0.5 }
    const waits = (reason: RecommendationReason): Recommendation => ({
      action: "keep_running",
      reasons: ["goal_better", reason]
    })
    assert.deepStrictEqual(findings(better, { rule, progress: later(13) }), waits("too_few_days"))
    assert.deepStrictEqual(findings(better, { rule, progress: later(14, 0.49) }), waits("planned_units_not_reached"))
    assert.deepStrictEqual(findings(better, { rule, progress: later(14, null) }), waits("planned_units_not_reached"))
    assert.strictEqual(findings(better, { rule, progress: later(14, 0.5) }).action, "ship")
    assert.deepStrictEqual(
      findings(better, { rule, progress: later(14, 0.5), method: "fixed" }),
      waits("planned_units_not_reached")
    )
  })

  it("says what guardrails must be, and which harm rolls back", () => {
    const risky = [goal("purchase", "better"), guardrail("at_risk")]
    assert.strictEqual(findings(risky).action, "keep_running")
    assert.strictEqual(findings(risky, { rule: { guardrails: "not_harmed" } }).action, "ship")
    const harmed = [goal("purchase", "better"), guardrail("harmed")]
    assert.strictEqual(findings(harmed, { rule: { guardrails: "not_harmed" } }).action, "roll_back")
    assert.deepStrictEqual(findings(harmed, { rule: { roll_back_on: ["goal_worse"] } }), {
      action: "keep_running",
      reasons: ["guardrail_harmed"]
    })
    assert.strictEqual(findings([goal("purchase", "worse")], { rule: { roll_back_on: [] } }).action, "keep_running")
  })

  it("ends without a result as it says, behind its last day", () => {
    const nothing = [goal("purchase", "undecided")]
    const end = (inconclusive?: InconclusiveEnd) => ({
      end_after_days: 28,
      ...(inconclusive === undefined ? {} : { inconclusive })
    })
    const back = end({ action: "roll_back" })
    assert.strictEqual(findings(nothing, { rule: back, progress: later(27) }).action, "keep_running")
    assert.deepStrictEqual(findings(nothing, { rule: back, progress: later(28) }), {
      action: "roll_back",
      reasons: ["inconclusive", "not_significant"]
    })
    assert.deepStrictEqual(findings(nothing, { rule: end(), progress: later(28) }), {
      action: "keep_running",
      reasons: ["inconclusive", "not_significant"]
    })
    const ship = end({ action: "ship", variant: "short" })
    assert.deepStrictEqual(findings(nothing, { rule: ship, progress: later(28) }), {
      action: "ship",
      variant: "short",
      reasons: ["inconclusive", "not_significant"]
    })
    // Nothing is shipped without a result that harms, or whose guardrails are not safe.
    for (const risk of [goal("visit", "worse"), guardrail("at_risk")])
      assert.notStrictEqual(findings([...nothing, risk], { rule: ship, progress: later(28) }).action, "ship")
    const found = [goal("purchase", "better")]
    assert.deepStrictEqual(findings(found, { rule: back, progress: later(28) }).reasons, ["goal_better"])
  })

  it("is told whole, with what it leaves out, variant by variant", () => {
    const { verdict } = ruled([goal("purchase", "better"), goal("purchase", "undecided", { variant: "long" })], {
      rule: { minimum_days: 9 },
      progress: later(8)
    })
    assert.deepStrictEqual(verdict, {
      registered: true,
      rule: {
        guardrails: "safe",
        roll_back_on: ["goal_worse", "guardrail_harmed"],
        minimum_days: 9,
        inconclusive: { action: "keep_running" },
        minimum_share: 0
      },
      variants: [
        { variant: "short", state: "better", reasons: ["goal_better", "too_few_days"] },
        { variant: "long", state: "undecided", reasons: ["not_significant", "too_few_days"] }
      ],
      ended: false
    })
    assert.isFalse(ruled([]).verdict.registered)
  })
})
