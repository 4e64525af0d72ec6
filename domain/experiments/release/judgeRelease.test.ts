import { assert, describe, it } from "@effect/vitest"
import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { ReleaseEvidence } from "../../../ports/experiments/GuardedRelease.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import { randomNumbers } from "../../statistics/RandomNumbers.ts"
import { judgeRelease } from "./judgeRelease.ts"

const design = { alpha: 0.05, tuningUnits: 5000 }
const errors: AnalysedMetric = {
  id: "errors",
  name: "Errors",
  role: "guardrail",
  kind: "rate",
  direction: "decrease",
  margin: 0.05
}
const rate = (converted: number, count: number): MetricSums => ({
  count,
  converted,
  sum: converted,
  squares: converted
})

describe("a guarded release", () => {
  it("is harmed once even the best that the data leave possible is beyond the margin", () => {
    const verdict = judgeRelease(errors, [{ control: rate(100, 5000), treatment: rate(220, 5000) }], design)
    assert.strictEqual(verdict.state, "harmed")
    assert.deepInclude(verdict, { metric: "errors", margin: 5, units: 10_000 })
  })

  it("is at risk while nothing is certain, and safe where more of it is better", () => {
    const steps = [{ control: rate(100, 5000), treatment: rate(104, 5000) }]
    assert.strictEqual(judgeRelease(errors, steps, design).state, "at_risk")
    const signups: AnalysedMetric = { ...errors, id: "signups", direction: "increase" }
    const better = [{ control: rate(1000, 5000), treatment: rate(1400, 5000) }]
    assert.strictEqual(judgeRelease(signups, better, design).state, "safe")
    assert.strictEqual(judgeRelease(errors, better, design).state, "harmed")
  })

  it("does not take a share that grows while the rate rises for harm", () => {
    const steps = [
      { control: rate(100, 10_000), treatment: rate(10, 1000) },
      { control: rate(50, 1000), treatment: rate(500, 10_000) }
    ]
    const verdict = judgeRelease(errors, steps, design)
    assert.strictEqual(verdict.state, "at_risk")
    if (verdict.state === "unknown") return
    assert.approximately(verdict.lift!, 0, 1e-9)
    // All steps in one pot: 1.36 % v 4.64 %.
    const pot = [{ control: rate(150, 11_000), treatment: rate(510, 11_000) }]
    assert.strictEqual(judgeRelease(errors, pot, design).state, "harmed")
  })

  it("says why it cannot tell yet", () => {
    assert.deepInclude(judgeRelease(errors, [], design), { state: "unknown", reason: "no_units", units: 0 })
  })

  it("is harmed where nothing ever failed before, and safe where nothing fails at all", () => {
    const none = judgeRelease(errors, [{ control: rate(0, 1000), treatment: rate(0, 1000) }], design)
    assert.deepInclude(none, { state: "safe", lift: null, p_value: null })
    const some = judgeRelease(errors, [{ control: rate(0, 1000), treatment: rate(40, 1000) }], design)
    assert.deepInclude(some, { state: "harmed", lift: null, lift_interval: null })
    const all = judgeRelease(errors, [{ control: rate(0, 50), treatment: rate(50, 50) }], design)
    assert.strictEqual(all.state, "harmed")
    assert.strictEqual(judgeRelease(errors, [{ control: rate(0, 2), treatment: rate(2, 2) }], design).state, "at_risk")
  })

  it("that harms nothing is hardly ever rolled back, though it is looked at all the time", () => {
    let rolledBack = 0
    for (let run = 0; run < 200; run++) {
      const { uniform } = randomNumbers(500 + run)
      const draw = (units: number): number => {
        let count = 0
        for (let unit = 0; unit < units; unit++) if (uniform() < 0.1) count += 1
        return count
      }
      const steps: Array<ReleaseEvidence> = []
      let harmed = false
      for (const share of [0.1, 0.25, 0.5]) {
        let [a, b, n, m] = [0, 0, 0, 0]
        for (let look = 0; look < 10; look++) {
          const treated = Math.round(200 * share)
          a += draw(200 - treated)
          n += 200 - treated
          b += draw(treated)
          m += treated
          const step = { control: rate(a, n), treatment: rate(b, m) }
          if (judgeRelease({ ...errors, margin: 0 }, [...steps, step], design).state === "harmed") harmed = true
        }
        steps.push({ control: rate(a, n), treatment: rate(b, m) })
      }
      if (harmed) rolledBack += 1
    }
    assert.isAtMost(rolledBack / 200, 0.05)
  })

  /** How often a release without effect is rolled back that is looked at after each ten units of its small side. */
  const alarms = (metric: AnalysedMetric, arm: (units: number, uniform: () => number) => MetricSums, share: number) => {
    let rolledBack = 0
    const runs = 200
    for (let run = 0; run < runs; run += 1) {
      const { uniform } = randomNumbers(9000 + run)
      let [control, treatment] = [nobody, nobody]
      for (let look = 0; look < 60; look += 1) {
        treatment = added(treatment, arm(10, uniform))
        control = added(control, arm(Math.round((10 * (1 - share)) / share), uniform))
        if (judgeRelease(metric, [{ control, treatment }], design).state !== "harmed") continue
        rolledBack += 1
        break
      }
    }
    return rolledBack / runs
  }
  const nobody: MetricSums = { count: 0, converted: 0, sum: 0, squares: 0 }
  const added = (a: MetricSums, b: MetricSums): MetricSums => ({
    count: a.count + b.count,
    converted: a.converted + b.converted,
    sum: a.sum + b.sum,
    squares: a.squares + b.squares
  })
  const yes = (probability: number) => (units: number, uniform: () => number) => {
    let converted = 0
    for (let unit = 0; unit < units; unit += 1) if (uniform() < probability) converted += 1
    return rate(converted, units)
  }
  /** Three in a hundred buy, for amounts far apart. */
  const spent = (units: number, uniform: () => number): MetricSums => {
    let sums = nobody
    for (let unit = 0; unit < units; unit += 1) {
      const amount = uniform() < 0.03 ? Math.exp(3 + 1.2 * (uniform() + uniform() + uniform() + uniform() - 2)) : 0
      sums = added(sums, { count: 1, converted: amount > 0 ? 1 : 0, sum: amount, squares: amount * amount })
    }
    return sums
  }

  it("is not rolled back for the chances of a small slice: rare failures, rare successes, and few who buy", () => {
    const conversions: AnalysedMetric = { ...errors, id: "orders", direction: "increase", margin: 0 }
    const spend: AnalysedMetric = { ...conversions, kind: "mean" }
    for (const [metric, arm] of [
      [{ ...errors, margin: 0 }, yes(0.01)],
      [{ ...errors, margin: 0 }, yes(0.99)],
      [conversions, yes(0.01)],
      [conversions, yes(0.99)],
      [spend, spent]
    ] as const) {
      assert.isAtMost(alarms(metric, arm, 0.05), 0.05, `${metric.id} ${metric.direction}`)
    }
  })

  it("that fails for everybody is rolled back within a few dozen people", () => {
    const broken = judgeRelease(errors, [{ control: rate(2, 380), treatment: rate(20, 20) }], design)
    assert.strictEqual(broken.state, "harmed")
    const few = judgeRelease(errors, [{ control: rate(2, 38), treatment: rate(2, 2) }], design)
    assert.strictEqual(few.state, "at_risk")
  })
})
