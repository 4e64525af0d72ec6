import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { AnalysedMetric, AnalysisMethod, AnalysisPlan } from "../../../ports/experiments/ExperimentAnalysis.ts"
import { ExperimentResults } from "../../../ports/experiments/ExperimentResults.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import { randomNumbers } from "../../statistics/RandomNumbers.ts"
import { assembleInSteps, assembleResults } from "./assembleResults.ts"
import { breakDown } from "./breakDown.ts"
import type { EvidenceDay, ExperimentEvidence } from "./ExperimentEvidence.ts"

const plan = (method: AnalysisMethod, more: Partial<AnalysisPlan> = {}): AnalysisPlan => ({
  method,
  alpha: 0.05,
  power: 0.8,
  correction: "holm",
  tuning_units: 5000,
  ...more
})

const purchase: AnalysedMetric = {
  id: "purchase",
  name: "Purchase",
  role: "goal",
  kind: "rate",
  direction: "increase",
  minimum_effect: { kind: "absolute", value: 0.05 }
}

const rate = (converted: number, count: number): MetricSums => ({
  count,
  converted,
  sum: converted,
  squares: converted
})

const sumsOf = (values: ReadonlyArray<number>): MetricSums => ({
  count: values.length,
  converted: values.filter((value) => value !== 0).length,
  sum: values.reduce((sum, value) => sum + value, 0),
  squares: values.reduce((sum, value) => sum + value * value, 0)
})

const day = (date: string, sums: ReadonlyArray<ReadonlyArray<MetricSums>>): EvidenceDay => {
  const participants = sums[0]!.map(({ count }) => count)
  return { date, assigned: participants, participants, sums }
}

const evidence = (more: Partial<ExperimentEvidence>): ExperimentEvidence => ({
  experimentId: "checkout",
  plan: plan("fixed"),
  variants: [
    { id: "control", name: "As it is", weight: 50 },
    { id: "short", name: "Short form", weight: 50 }
  ],
  control: "control",
  metrics: [purchase],
  days: [],
  fullDays: 10,
  coverage: 1,
  excluded: { two_variants: 0, bots: 0, immature: 0, carried_over: 0 },
  watermark: "0",
  ...more
})

const published = [day("2026-11-10", [[rate(200, 1000), rate(250, 1000)]])]

/** What is told over HTTP holds for its schema, and is the same after it went through JSON. */
const results = (more: Partial<ExperimentEvidence>): ExperimentResults => {
  const answer = assembleResults(evidence(more))
  const encoded = Schema.encodeSync(Schema.toCodecJson(ExperimentResults))(answer)
  const decoded = Schema.decodeUnknownSync(Schema.toCodecJson(ExperimentResults))(JSON.parse(JSON.stringify(encoded)))
  assert.deepStrictEqual(decoded, answer)
  return answer
}

describe("results of an experiment", () => {
  it("200 of 1000 v 250 of 1000 by a fixed-horizon test: 25 %, p .00742, a winner", () => {
    const answer = results({ days: published })
    assert.strictEqual(answer.p_value.toFixed(5), "0.00742")
    assert.approximately(answer.lift, 25, 1e-9)
    assert.isTrue(answer.is_significant)
    assert.strictEqual(answer.winner, "short")
    assert.strictEqual(answer.sample_size_needed, 1030)
    assert.deepInclude(answer.variants[1], { participants: 1000, conversions: 250, conversion_rate: 0.25 })
    const [low, high] = answer.variants[1]!.confidence_interval
    assert.isTrue(low < 0.25 && 0.25 < high)
  })

  it("the same by a sequence: p .1325 and no winner, with both blocks beside each other either way", () => {
    const answer = results({ days: published, plan: plan("sequential") })
    assert.strictEqual(answer.p_value.toFixed(4), "0.1325")
    assert.isFalse(answer.is_significant)
    assert.notProperty(answer, "winner")
    const [comparison] = answer.comparisons
    const other = results({ days: published }).comparisons[0]!
    assert.deepStrictEqual(comparison!.fixed, other.fixed)
    assert.deepStrictEqual(comparison!.sequential, other.sequential)
    assert.strictEqual(comparison!.fixed.outcome, "tested")
    assert.strictEqual(comparison!.verdict, "undecided")
  })

  it("the same by beliefs", () => {
    const answer = results({ days: published, plan: plan("bayesian") })
    const [comparison] = answer.comparisons
    assert.strictEqual(comparison!.bayesian?.outcome, "judged")
    if (comparison!.bayesian?.outcome !== "judged") return
    assert.approximately(comparison!.bayesian.chance_to_win, 0.9962, 0.0005)
    assert.strictEqual(answer.winner, "short")
    assert.isBelow(comparison!.bayesian.risk.treatment, comparison!.bayesian.risk.control)
    const [low, high] = comparison!.bayesian.credible_interval
    assert.isTrue(low! > 0 && low! < 25 && high! > 25)
  })

  it("are no error without traffic, without days, and without conversions", () => {
    for (const method of ["fixed", "sequential", "bayesian"] as const)
      for (const days of [
        [],
        [day("2026-11-01", [[rate(0, 0), rate(0, 0)]])],
        [day("2026-11-01", [[rate(0, 1), rate(0, 1)]])]
      ]) {
        const answer = results({ days, plan: plan(method), fullDays: 0 })
        assert.deepInclude(answer, { is_significant: false, lift: 0, sample_size_needed: null })
        assert.notProperty(answer, "winner")
        assert.strictEqual(answer.recommendation.action, "keep_running")
      }
    const empty = results({ plan: plan("sequential") })
    assert.strictEqual(empty.p_value, 1)
    assert.isNull(empty.split)
    assert.deepStrictEqual(empty.variants[0]!.confidence_interval, [0, 1])
    assert.deepStrictEqual(empty.comparisons[0]!.sequential, { outcome: "refused", reason: "no_units" })
  })

  it("less is better where the metric says so", () => {
    const refunds: AnalysedMetric = { ...purchase, id: "refund", direction: "decrease" }
    const answer = results({ metrics: [refunds], days: published })
    assert.strictEqual(answer.comparisons[0]!.verdict, "worse")
    assert.strictEqual(answer.winner, "control")
    assert.deepStrictEqual(answer.recommendation, { action: "roll_back", reasons: ["goal_worse"] })
  })

  it("families: goals are corrected among themselves, guardrails not at all, intervals follow", () => {
    const metrics: ReadonlyArray<AnalysedMetric> = [
      purchase,
      { ...purchase, id: "trial" },
      { ...purchase, id: "visit", role: "secondary" },
      { ...purchase, id: "crash", role: "guardrail", direction: "decrease" }
    ]
    const same = [rate(200, 1000), rate(240, 1000)]
    const answer = results({
      metrics,
      days: [
        day(
          "2026-11-10",
          metrics.map(() => same)
        )
      ]
    })
    const [first, second, secondary, guardrail] = answer.comparisons
    for (const comparison of [first!, second!])
      assert.approximately(comparison.adjusted_p_value, 2 * comparison.p_value, 1e-12)
    assert.strictEqual(secondary!.adjusted_p_value, secondary!.p_value)
    assert.strictEqual(guardrail!.adjusted_p_value, guardrail!.p_value)
    const width = ({ fixed }: typeof first & object): number =>
      fixed.outcome === "tested" ? fixed.difference_interval[1] - fixed.difference_interval[0] : 0
    assert.isAbove(width(first!), width(secondary!))
  })

  it("the short figures are those of the variant with the smallest adjusted p", () => {
    const answer = results({
      variants: [
        { id: "control", name: "As it is", weight: 34 },
        { id: "a", name: "A", weight: 33 },
        { id: "b", name: "B", weight: 33 }
      ],
      days: [day("2026-11-10", [[rate(200, 1000), rate(215, 1000), rate(260, 1000)]])]
    })
    assert.strictEqual(answer.winner, "b")
    assert.approximately(answer.lift, 30, 1e-9)
    assert.strictEqual(answer.p_value, answer.comparisons.find(({ variant }) => variant === "b")!.adjusted_p_value)
    assert.deepStrictEqual(answer.recommendation, {
      action: "keep_running",
      reasons: ["not_significant", "planned_units_not_reached", "goal_better"]
    })
  })

  it("revenue is adjusted by what people spent before, which makes the interval narrower", () => {
    const { normal } = randomNumbers(9)
    const arm = (shift: number): MetricSums => {
      const units = Array.from({ length: 400 }, (_, index) => {
        const x = 20 + 5 * normal()
        return { x: index % 4 === 0 ? undefined : x, y: x + shift + normal() }
      })
      const known = units.flatMap(({ x, y }) => (x === undefined ? [] : [{ x, y }]))
      const total = (of: (unit: { readonly x: number; readonly y: number }) => number): number =>
        known.reduce((sum, unit) => sum + of(unit), 0)
      const before = sumsOf(units.map(({ x = 0 }) => x))
      return {
        ...sumsOf(units.map(({ y }) => y)),
        before: { count: before.count, sum: before.sum, squares: before.squares },
        covariate: {
          count: known.length,
          sum: total(({ x }) => x),
          squares: total(({ x }) => x * x),
          products: total(({ x, y }) => x * y),
          outcomes: total(({ y }) => y)
        }
      }
    }
    const revenue: AnalysedMetric = {
      id: "revenue",
      name: "Revenue",
      role: "goal",
      kind: "mean",
      direction: "increase"
    }
    const days = [day("2026-11-10", [[arm(0), arm(0.5)]])]
    const plain = results({ metrics: [revenue], days })
    const adjusted = results({ metrics: [{ ...revenue, cuped: true }], days })
    assert.isBelow(adjusted.p_value, plain.p_value)
    assert.isAbove(adjusted.metrics[0]!.cuped!.variance_reduction, 0.5)
    assert.strictEqual(adjusted.metrics[0]!.cuped!.units_with_history, 600)
    assert.notProperty(plain.metrics[0], "cuped")
    assert.isFalse(plain.metrics[0]!.prior_bias!.biased)
  })

  it("every metric that differed before the exposure raises an alarm, corrected for all of them", () => {
    const before = (sum: number) => ({ count: 1000, sum, squares: sum })
    const goal: AnalysedMetric = { id: "bought", name: "Bought", role: "goal", kind: "rate", direction: "increase" }
    const guardrail: AnalysedMetric = { ...goal, id: "left", role: "guardrail" }
    const arm = (sum: number) => ({ ...rate(200, 1000), before: before(sum) })
    const alike = [arm(100), arm(104)]
    const unlike = [arm(100), arm(170)]
    const answer = results({ metrics: [goal, guardrail], days: [day("2026-11-10", [alike, unlike])] })
    assert.deepStrictEqual(
      answer.metrics.map(({ prior_bias }) => prior_bias?.biased),
      [false, true]
    )
    assert.match(answer.warnings[0]!.detail, /^left differed between variants already before anybody was exposed: p /)
    assert.strictEqual(answer.warnings[0]!.pointer, "/guardrails/0")
    assert.strictEqual(answer.warnings.length, 1)
  })

  it("warn where one in two hundred saw several variants, and say what the gathering warned of", () => {
    const told = { pointer: "/goals/0", detail: "no event of the type order has come yet" }
    const seen = (two_variants: number) =>
      results({
        days: [day("2026-11-10", [[rate(200, 1000), rate(210, 1000)]])],
        excluded: { two_variants, bots: 0, immature: 0, carried_over: 0 },
        warnings: [told]
      }).warnings
    assert.deepStrictEqual(seen(9), [told])
    assert.deepStrictEqual(seen(10), [
      { pointer: "/variants", detail: "10 of 2000 units, 0.50 %, saw several variants and are left out" },
      told
    ])
  })

  it("a quantile is told of its interval, and of days on which it stands", () => {
    const slow: AnalysedMetric = { id: "slow", name: "Slow", role: "goal", kind: "quantile", direction: "decrease" }
    const arm = (value: number): MetricSums => ({
      count: 500,
      converted: 500,
      sum: 500 * value,
      squares: 500 * value * value,
      quantile: { value, low: value - 10, high: value + 10 }
    })
    const nothing: MetricSums = { count: 0, converted: 0, sum: 0, squares: 0 }
    const days = [day("2026-11-10", [[nothing, nothing]]), day("2026-11-11", [[arm(800), arm(740)]])]
    const answer = results({ metrics: [slow], days })
    assert.deepInclude(answer.comparisons[0], { control_mean: 800, variant_mean: 740, verdict: "better" })
    assert.deepStrictEqual(
      answer.series.map(({ date }) => date),
      ["2026-11-11"]
    )
  })

  it("tell how it went day by day, where the plan stands, and what it would bring to all", () => {
    const days = Array.from({ length: 8 }, (_, index) =>
      day(`2026-11-0${index + 1}`, [
        [rate(20 * (index + 1), 100 * (index + 1)), rate(25 * (index + 1), 100 * (index + 1))]
      ])
    )
    const answer = results({ days, fullDays: 7, coverage: 0.5, plan: plan("sequential", { planned_units: 1600 }) })
    assert.strictEqual(answer.series.length, 8)
    assert.deepInclude(answer.series[7], { date: "2026-11-08", control_units: 800, variant_units: 800 })
    assert.approximately(answer.series[0]!.lift!, 25, 1e-9)
    assert.deepStrictEqual(answer.progress, { planned_units: 1600, share_reached: 0.5, days_left: 8, full_days: 7 })
    // 200 units a day at half of the traffic: 400 × 30 units, five points each.
    assert.approximately(answer.comparisons[0]!.projected!.effect, 600, 1e-6)
    assert.isAbove(answer.comparisons[0]!.power_now!, 0)
  })

  it("a ratio, a quantile and a guardrail in its margin are told as such", () => {
    const metrics: ReadonlyArray<AnalysedMetric> = [
      { id: "per_order", name: "Items per order", role: "goal", kind: "ratio", direction: "increase" },
      { id: "wait", name: "Wait", role: "secondary", kind: "quantile", direction: "decrease" },
      { id: "refunds", name: "Refunds", role: "guardrail", kind: "rate", direction: "decrease", margin: 0.5 }
    ]
    const ratio = (sum: number): MetricSums => ({
      count: 500,
      converted: 400,
      sum,
      squares: sum * 4,
      denominator: { sum: 600, squares: 1000, products: sum * 1.8 }
    })
    const quantile = (value: number): MetricSums => ({
      ...sumsOf([1, 2]),
      count: 500,
      quantile: { value, low: value - 1, high: value + 1 }
    })
    const answer = results({
      metrics,
      days: [
        day("2026-11-10", [
          [ratio(1200), ratio(1230)],
          [quantile(40), quantile(30)],
          [rate(500, 5000), rate(510, 5000)]
        ])
      ]
    })
    const [perOrder, wait, refunds] = answer.comparisons
    assert.approximately(perOrder!.control_mean!, 2, 1e-12)
    assert.isNull(perOrder!.projected)
    assert.strictEqual(wait!.verdict, "better")
    assert.strictEqual(refunds!.guardrail!.state, "safe")
    assert.strictEqual(refunds!.guardrail!.margin, 50)
  })

  it("people of two variants are out, and beside it in the one that they saw first, each with its own split", () => {
    const intended = day("2026-11-10", [[rate(210, 1100), rate(262, 1100)]])
    const answer = results({ days: published, intentionToTreat: [intended] })
    assert.notProperty(results({ days: published }), "intention_to_treat")
    assert.strictEqual(answer.intention_to_treat!.split!.units, 2200)
    assert.strictEqual(answer.split!.units, 2000)
    const [headline, all] = [answer.comparisons[0]!, answer.intention_to_treat!.comparisons[0]!]
    assert.notStrictEqual(headline.p_value, all.p_value)
    assert.approximately(all.variant_mean!, 262 / 1100, 1e-12)
  })

  it("a bandit's means are weighted by what was logged, and its fixed test is refused", () => {
    // Both arms fall from 20 % to 10 %, while the second gets more and more of the traffic.
    const steps = [
      { probabilities: [0.5, 0.5], assigned: [1000, 1000], sums: [[rate(200, 1000), rate(200, 1000)]] },
      { probabilities: [0.1, 0.9], assigned: [200, 1800], sums: [[rate(20, 200), rate(180, 1800)]] }
    ]
    const days = [{ ...day("2026-11-10", [[rate(220, 1200), rate(380, 2800)]]), assigned: [1200, 2800] }]
    const [comparison] = results({ days, steps, plan: plan("sequential") }).comparisons
    assert.approximately(comparison!.difference!, 0, 1e-12)
    assert.approximately(comparison!.control_mean!, 0.15, 1e-12)
    assert.deepStrictEqual(comparison!.fixed, { outcome: "refused", reason: "adaptive_allocation" })
    assert.strictEqual(comparison!.sequential.outcome, "tested")
    assert.isFalse(results({ days, steps, plan: plan("sequential") }).split!.mismatch)
    assert.isTrue(results({ days, plan: plan("sequential") }).split!.mismatch)
  })

  it("a bandit's plain sums and means are no test: by a dimension, with people of two variants, of a ratio", () => {
    const spent: AnalysedMetric = { ...purchase, id: "spent", kind: "mean" }
    const perOrder: AnalysedMetric = { ...purchase, id: "per_order", kind: "ratio" }
    const arms = [rate(220, 1200), rate(380, 2800)].map((sums) => ({
      ...sums,
      denominator: { sum: sums.count, squares: sums.count, products: sums.sum }
    }))
    const one = day("2026-11-10", [arms, arms, arms])
    const assigned = [1200, 2800]
    const sums = [arms, arms, arms]
    const given = {
      metrics: [purchase, perOrder, spent],
      days: [one],
      steps: [{ probabilities: [0.3, 0.7], assigned, sums }],
      intentionToTreat: [one]
    }
    const none = { outcome: "refused", reason: "adaptive_allocation" } as const
    for (const method of ["sequential", "bayesian"] as const) {
      const answer = results({ ...given, plan: plan(method) })
      const told = breakDown(evidence({ ...given, plan: plan(method) }), [{ value: "DE", day: one }])
      const plain = [...answer.intention_to_treat!.comparisons, ...told[0]!.comparisons, ...answer.comparisons.slice(1)]
      for (const comparison of plain) {
        assert.deepInclude(comparison, { verdict: "undecided", p_value: 1, fixed: none, sequential: none })
        if (method === "bayesian") assert.deepStrictEqual(comparison.bayesian, none)
      }
      assert.strictEqual(answer.comparisons[0]!.sequential.outcome, "tested")
      assert.isNull(answer.intention_to_treat!.split)
      assert.notProperty(answer, "decision_rule")
    }
  })

  it("a guardrail that was never hit before is harmed when it is hit, and safe while nobody hits it", () => {
    const crash: AnalysedMetric = { ...purchase, id: "crash", role: "guardrail", direction: "decrease" }
    const crashed = (count: number) => [
      day("2026-11-10", [
        [rate(200, 1000), rate(250, 1000)],
        [rate(0, 1000), rate(count, 1000)]
      ])
    ]
    for (const method of ["fixed", "sequential", "bayesian"] as const) {
      const metrics = [purchase, crash]
      const hit = results({ metrics, days: crashed(40), plan: plan(method) })
      assert.strictEqual(hit.comparisons[1]!.guardrail!.state, "harmed")
      assert.deepInclude(hit.recommendation, { action: "roll_back", reasons: ["guardrail_harmed"] })
      const missed = results({ metrics, days: crashed(0), plan: plan(method) })
      assert.deepStrictEqual(missed.comparisons[1]!.guardrail, { state: "safe", margin: 0, bound: null })
    }
  })

  it("by the values of a dimension: corrected over all of them together", () => {
    const slice = (value: string | null, converted: number) => ({
      value,
      day: day("2026-11-10", [[rate(200, 1000), rate(converted, 1000)]])
    })
    const [de, fr, unknown] = breakDown(evidence({}), [slice("DE", 250), slice("FR", 205), slice(null, 230)])
    assert.deepInclude(de, { value: "DE", participants: [1000, 1000] })
    assert.approximately(de!.comparisons[0]!.adjusted_p_value, 3 * de!.comparisons[0]!.p_value, 1e-12)
    assert.strictEqual(de!.comparisons[0]!.verdict, "better")
    assert.strictEqual(fr!.comparisons[0]!.verdict, "undecided")
    assert.isNull(unknown!.value)
    assert.deepStrictEqual(breakDown(evidence({}), []), [])
  })

  it("come in pieces, the same as in one go", () => {
    const days = [...published, ...published]
    const steps = assembleInSteps(evidence({ days }))
    let pieces = 0
    for (;;) {
      const { done, value } = steps.next()
      if (done === true) {
        assert.deepStrictEqual(value, assembleResults(evidence({ days })))
        break
      }
      pieces += 1
    }
    assert.isAtLeast(pieces, 4)
  })
})
