import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { ArmEstimate } from "./ArmEstimate.ts"
import { meanEstimate, rateEstimate, ratioEstimate } from "./ArmEstimate.ts"
import { capAt, capping } from "./capping.ts"
import { chanceToBeat, expectedLoss, learn } from "./betaPosterior.ts"
import { clusteredQuantile } from "./clusteredQuantile.ts"
import {
  compareAtAnyTime,
  mixtureVariance,
  oneSidedCriticalValue,
  sequenceCriticalValue
} from "./confidenceSequence.ts"
import { adjustByCovariate, adjustRatioByCovariate } from "./cuped.ts"
import { blocksShipping, judgeGuardrail } from "./guardrail.ts"
import { excludes } from "./Interval.ts"
import { interactionOf } from "./interaction.ts"
import { weightedEstimate } from "./inverseProbability.ts"
import { newcombeInterval } from "./newcombe.ts"
import { comparePooled } from "./pooledProportions.ts"
import { checkPriorBias } from "./preExposureBias.ts"
import { randomNumbers } from "./RandomNumbers.ts"
import { checkRatio } from "./ratioMismatch.ts"
import { fiellerInterval, relativeLift } from "./relativeLift.ts"
import { mergeSamples, sumSample } from "./SampleSums.ts"
import { durationDays, meanBaseline, minimumDetectableEffect, powerOf, rateBaseline, sampleSize } from "./sampleSize.ts"
import { cumulativeImpact } from "./shrinkage.ts"
import { isRefused } from "./StatisticsRefusal.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"
import { stratify } from "./stratifiedEffect.ts"
import { sumCovariates, sumRatios } from "./testing/sums.ts"
import { bestMeanChances, trafficShares } from "./thompson.ts"
import { compareMeans } from "./welch.ts"

const accepted = <A>(answer: A | StatisticsRefusal): A => {
  if (isRefused(answer)) throw new Error(`refused: ${answer}`)
  return answer
}

const estimate = fc.record({
  count: fc.integer({ min: 2, max: 1_000_000 }),
  mean: fc.double({ min: 0.01, max: 1000, noNaN: true }),
  variance: fc.double({ min: 1e-6, max: 100, noNaN: true })
})
const level = fc.double({ min: 0.001, max: 0.5, noNaN: true })

describe("laws of the statistics of experiments", () => {
  it("a sequence's intervals, absolute and relative, exclude 0 exactly where p is below the level", () => {
    fc.assert(
      fc.property(estimate, estimate, level, (control, treatment, alpha) => {
        const test = accepted(compareAtAnyTime(control, treatment, { alpha, tuningUnits: 5000 }))
        if (Math.abs(test.pValue / alpha - 1) < 1e-9) return
        assert.strictEqual(excludes(test.interval, 0), test.pValue < alpha)
        if (!isRefused(test.relativeInterval))
          assert.strictEqual(excludes(test.relativeInterval, 0), test.pValue < alpha)
      }),
      { numRuns: 500 }
    )
  })

  it("a relative interval holds the lift, and turns with the arms' signs", () => {
    fc.assert(
      fc.property(estimate, estimate, fc.double({ min: 0.1, max: 4, noNaN: true }), (control, treatment, critical) => {
        const interval = fiellerInterval(control, treatment, critical)
        if (isRefused(interval)) return
        const { lift } = accepted(relativeLift(control, treatment))
        const slack = 1e-9 * (1 + Math.abs(lift))
        assert.isAtMost(interval[0], lift + slack)
        assert.isAtLeast(interval[1], lift - slack)
        const turned = (arm: ArmEstimate): ArmEstimate => ({ ...arm, mean: -arm.mean })
        const mirrored = accepted(fiellerInterval(turned(control), turned(treatment), critical))
        assert.deepStrictEqual([-mirrored[1], -mirrored[0]], [...interval])
      })
    )
  })

  it("swapping arms turns a difference round and leaves p as it is", () => {
    fc.assert(
      fc.property(estimate, estimate, level, (control, treatment, alpha) => {
        const one = accepted(compareMeans(control, treatment, alpha))
        const other = accepted(compareMeans(treatment, control, alpha))
        assert.strictEqual(one.pValue, other.pValue)
        assert.strictEqual(one.interval[0], -other.interval[1])
      })
    )
  })

  it("a one-sided bound lies within the two-sided sequence of the same level", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 10_000_000 }),
        fc.double({ min: 0.001, max: 0.2, noNaN: true }),
        (n, alpha) => {
          const rho = mixtureVariance({ alpha, tuningUnits: 5000 })
          assert.isBelow(oneSidedCriticalValue(n, rho, alpha), sequenceCriticalValue(n, rho, alpha))
        }
      )
    )
  })

  it("sums of parts are sums of the whole", () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }))
    fc.assert(
      fc.property(values, values, (left, right) => {
        assert.deepStrictEqual(mergeSamples(sumSample(left), sumSample(right)), sumSample([...left, ...right]))
      })
    )
  })

  it("values that are all alike have no variance, however they round", () => {
    const same = accepted(meanEstimate(sumSample(Array.from({ length: 1000 }, () => 0.1))))
    assert.strictEqual(same.variance, 0)
    assert.strictEqual(compareMeans(same, same, 0.05), "no_variance")
  })

  it("history that tells nothing leaves means as they are, and one that tells all leaves no variance", () => {
    const units = Array.from({ length: 40 }, (_, index) => [index % 7, (index % 7) * 2 + 1] as const)
    const told = accepted(adjustByCovariate([sumCovariates(units), sumCovariates(units.slice(3))]))
    assert.approximately(told.varianceReduction, 1, 1e-12)
    assert.approximately(told.theta, 2, 1e-12)
    assert.approximately(told.arms[0]!.mean, told.arms[1]!.mean, 1e-12)
    const silent = units.map(([, y]) => [null, y] as const)
    const plain = accepted(adjustByCovariate([sumCovariates(silent), sumCovariates(silent)]))
    assert.deepInclude(plain, { theta: 0, varianceReduction: 0 })
    assert.approximately(plain.arms[0]!.mean, accepted(meanEstimate(sumSample(silent.map(([, y]) => y)))).mean, 1e-12)
  })

  it("history reduces the variance by ρ², as Deng and others say", () => {
    const { normal } = randomNumbers(5)
    const arm = () =>
      sumCovariates(
        Array.from({ length: 20_000 }, () => {
          const x = normal()
          return [x, 0.8 * x + 0.6 * normal()] as const
        })
      )
    assert.approximately(accepted(adjustByCovariate([arm(), arm()])).varianceReduction, 0.64, 0.01)
  })

  it("a ratio by ones is adjusted as the mean is, also where some have no history", () => {
    const { normal } = randomNumbers(7)
    const arm = (shift: number) =>
      Array.from({ length: 300 }, (_, index) => {
        const x = 5 + normal()
        return { y: x + shift + normal(), x: index % 5 === 0 ? null : x }
      })
    const arms = [arm(0), arm(0.3)]
    const means = accepted(adjustByCovariate(arms.map((units) => sumCovariates(units.map(({ x, y }) => [x, y])))))
    const ones = arms.map((units) =>
      sumRatios(units.map(({ x, y }) => ({ y, d: 1, before: x === null ? null : { x, m: 1 } })))
    )
    const ratios = accepted(adjustRatioByCovariate(ones))
    assert.approximately(ratios.theta, means.theta, 1e-12)
    assert.approximately(ratios.varianceReduction, means.varianceReduction, 1e-10)
    for (const [index, { mean, variance }] of means.arms.entries()) {
      assert.approximately(ratios.arms[index]!.mean, mean, 1e-12)
      assert.approximately(ratios.arms[index]!.variance / variance, 1, 1e-10)
    }
  })

  it("a ratio whose history tells nothing is left as it is; no denominator is no ratio", () => {
    const units = Array.from({ length: 40 }, (_, index) => ({ y: index % 5, d: 1 + (index % 3), before: null }))
    const { arms, theta } = accepted(adjustRatioByCovariate([sumRatios(units), sumRatios(units.slice(3))]))
    const plain = accepted(ratioEstimate(sumRatios(units)))
    assert.strictEqual(theta, 0)
    assert.approximately(arms[0]!.mean, plain.mean, 1e-12)
    assert.approximately(arms[0]!.variance / plain.variance, 1, 1e-10)
    const never = units.map((unit) => ({ ...unit, d: 0 }))
    assert.strictEqual(adjustRatioByCovariate([sumRatios(never), sumRatios(units)]), "no_units")
  })

  it("an adjusted ratio varies as little as it says", () => {
    const runs = 400
    const told: Array<{ readonly mean: number; readonly variance: number }> = []
    const plain: Array<number> = []
    for (let run = 0; run < runs; run += 1) {
      const { normal, uniform } = randomNumbers(5000 + run)
      const arm = () =>
        sumRatios(
          Array.from({ length: 200 }, () => {
            const rate = 0.3 + 0.1 * normal()
            const [m, d] = [1 + Math.floor(5 * uniform()), 1 + Math.floor(5 * uniform())]
            const before = uniform() < 0.8 ? { x: m * rate + 0.05 * normal(), m } : null
            return { y: d * rate + 0.05 * normal(), d, before }
          })
        )
      const [control, treatment] = [arm(), arm()]
      const { arms } = accepted(adjustRatioByCovariate([control, treatment]))
      told.push({ mean: arms[1]!.mean - arms[0]!.mean, variance: arms[0]!.variance + arms[1]!.variance })
      plain.push(accepted(ratioEstimate(treatment)).mean - accepted(ratioEstimate(control)).mean)
    }
    const varianceOf = (values: ReadonlyArray<number>) =>
      values.reduce((sum, value) => sum + value * value, 0) / values.length
    const observed = varianceOf(told.map(({ mean }) => mean))
    const claimed = told.reduce((sum, { variance }) => sum + variance, 0) / runs
    assert.approximately(observed / claimed, 1, 0.2)
    assert.isBelow(observed, 0.7 * varianceOf(plain))
  })

  it("sample size, power and detectable effect agree with each other", () => {
    const demand = { alpha: 0.05, power: 0.8 }
    const design = { at: "any_time" as const, rhoSquared: mixtureVariance({ alpha: 0.05, tuningUnits: 5000 }) }
    for (const looking of [{ at: "planned_end" as const }, design])
      for (const rate of [0.01, 0.2, 0.5]) {
        const difference = rate / 5
        const baseline = accepted(rateBaseline(rate, difference))
        const units = accepted(sampleSize(difference, baseline, demand, looking))
        assert.approximately(accepted(powerOf(difference, baseline, units, 0.05, looking)), 0.8, 0.002)
        const found = accepted(minimumDetectableEffect({ kind: "rate", rate }, units, demand, looking))
        assert.approximately(found / difference, 1, 0.003)
      }
    const plain = accepted(sampleSize(1, accepted(meanBaseline(100)), demand))
    const adjusted = accepted(sampleSize(1, accepted(meanBaseline(100, 0.6)), demand))
    assert.approximately(adjusted / plain, 0.64, 0.001)
    assert.isAbove(accepted(sampleSize(1, accepted(meanBaseline(100)), demand, design)), plain)
    assert.approximately(
      accepted(minimumDetectableEffect({ kind: "mean", unitVariance: 100 }, plain, demand)),
      1,
      0.001
    )
  })

  it("an effect towards less is found by other numbers than one towards more", () => {
    const demand = { alpha: 0.05, power: 0.8 }
    const less = accepted(
      minimumDetectableEffect({ kind: "rate", rate: 0.1 }, 5000, demand, { at: "planned_end" }, "decrease")
    )
    const more = accepted(minimumDetectableEffect({ kind: "rate", rate: 0.1 }, 5000, demand))
    assert.isBelow(less, more)
    assert.strictEqual(
      minimumDetectableEffect({ kind: "rate", rate: 0.001 }, 10, demand, { at: "planned_end" }, "decrease"),
      "too_few_units"
    )
  })

  it("the last arm to fill decides how many days it takes", () => {
    assert.strictEqual(durationDays(1000, 200, [50, 50]), 10)
    assert.strictEqual(durationDays(1000, 200, [90, 10]), 50)
    assert.strictEqual(durationDays(1000, 200, [50, 50, 0]), 10)
    assert.strictEqual(durationDays(1000, 0, [50, 50]), "no_units")
    assert.strictEqual(durationDays(1000, 10, [0, 0]), "out_of_range")
  })

  it("chances of two rates make one whole, and losses differ by the difference of means", () => {
    const counts = fc.record({
      successes: fc.integer({ min: 0, max: 300 }),
      failures: fc.integer({ min: 0, max: 3000 })
    })
    fc.assert(
      fc.property(counts, counts, (first, second) => {
        const [a, b] = [first, second].map(({ failures, successes }) =>
          accepted(learn({ successes, trials: successes + failures }))
        )
        assert.approximately(chanceToBeat(a!, b!) + chanceToBeat(b!, a!), 1, 1e-11)
        const gap = b!.a / (b!.a + b!.b) - a!.a / (a!.a + a!.b)
        assert.approximately(expectedLoss(a!, b!) - expectedLoss(b!, a!), gap, 1e-11)
      }),
      { numRuns: 60 }
    )
  })

  it("the cap is a percentile of what is not zero, over all arms, and says whom it cut", () => {
    const totals = [0, 0, 0, 0, 0, 1, 2, 3, 4, 100]
    const found = capping({ kind: "percentile", share: 0.75 }, totals)
    assert.deepStrictEqual(found, { cap: 4, cappedShare: 0.1 })
    assert.deepStrictEqual(
      totals.map((total) => capAt(total, found.cap)),
      [0, 0, 0, 0, 0, 1, 2, 3, 4, 4]
    )
    assert.strictEqual(capping({ kind: "percentile", share: 0.5, ignoreZeros: false }, totals).cap, 0.5)
    assert.deepStrictEqual(capping({ kind: "absolute", value: 3 }, totals), { cap: 3, cappedShare: 0.2 })
    assert.deepStrictEqual(capping({ kind: "percentile", share: 0.9 }, [0, 0]), { cap: undefined, cappedShare: 0 })
  })

  it("quantiles of units with many values each are less sure than if every value stood alone", () => {
    const { normal } = randomNumbers(3)
    const clustered = Array.from({ length: 200 }, () => {
      const own = 3 * normal()
      return Array.from({ length: 10 }, () => own + normal())
    })
    const alone = clustered.flat().map((value) => [value])
    const together = accepted(clusteredQuantile(clustered, 0.5, 0.05))
    const apart = accepted(clusteredQuantile(alone, 0.5, 0.05))
    assert.strictEqual(together.estimate.mean, apart.estimate.mean)
    assert.isAbove(together.estimate.variance, 4 * apart.estimate.variance)
    assert.strictEqual(clusteredQuantile([[1], [2], [3]], 0.99, 0.05), "too_few_units")
    assert.strictEqual(clusteredQuantile([], 0.5, 0.05), "no_units")
  })

  it("arms that differed before are told from arms that are merely unlike by chance", () => {
    const arm = (shift: number, seed: number) => {
      const { normal } = randomNumbers(seed)
      return accepted(meanEstimate(sumSample(Array.from({ length: 500 }, () => shift + normal()))))
    }
    const still = { count: 500, mean: 0, variance: 0 }
    const [same, shifted, empty] = checkPriorBias([
      { control: arm(0, 1), treatment: arm(0, 2) },
      { control: arm(0, 3), treatment: arm(0.4, 4) },
      { control: still, treatment: still }
    ])
    assert.isFalse(same!.biased)
    assert.isTrue(shifted!.biased)
    assert.deepStrictEqual(empty, { adjustedPValue: undefined, biased: false })
  })

  it("guardrails: within the margin safe, beyond by its bound at risk, all beyond harmed, either way round", () => {
    const critical = { oneSided: 1.645, twoSided: 1.96 }
    const arm = (mean: number, deviation = 0.01) => ({ count: 1000, mean, variance: deviation ** 2 })
    const judge = (control: number, treatment: number, direction: "increase" | "decrease", margin = 0.02) =>
      judgeGuardrail(arm(control), arm(treatment), direction, margin, critical)
    assert.strictEqual(judge(1, 1.01, "increase"), "safe")
    assert.strictEqual(judge(1, 1, "increase"), "at_risk")
    assert.strictEqual(judge(1, 0.9, "increase"), "harmed")
    assert.strictEqual(judge(1, 0.99, "decrease"), "safe")
    assert.strictEqual(judge(1, 1.1, "decrease"), "harmed")
    assert.strictEqual(judge(0, 0.1, "decrease"), "harmed")
    assert.strictEqual(judge(-1, -1.1, "increase"), "harmed")
    assert.strictEqual(judge(-1, -1.1, "increase", 0.2), "safe")
    assert.isTrue(blocksShipping("at_risk"))
    assert.isFalse(blocksShipping("safe"))
  })

  it("a guardrail's bounds are those of the lift by inversion", () => {
    const margin = fc.double({ min: 0, max: 0.9, noNaN: true })
    const critical = fc.double({ min: 0.5, max: 4, noNaN: true })
    fc.assert(
      fc.property(estimate, estimate, margin, critical, (control, treatment, put, c) => {
        const lifts = fiellerInterval(control, treatment, c)
        if (isRefused(lifts)) return
        if (Math.abs(lifts[0] + put) < 1e-9 || Math.abs(lifts[1] + put) < 1e-9) return
        const state = judgeGuardrail(control, treatment, "increase", put, { oneSided: c, twoSided: c })
        assert.strictEqual(state, lifts[1] < -put ? "harmed" : lifts[0] < -put ? "at_risk" : "safe")
      })
    )
  })

  it("a broken split is remembered, arms without weight are left out, and a sound one stays silent", () => {
    const broken = accepted(
      checkRatio(
        [
          [300, 100],
          [5000, 4900]
        ],
        [50, 50]
      )
    )
    assert.isTrue(broken.mismatch)
    assert.isAbove(broken.chiSquarePValue, 0.001)
    const sound = accepted(
      checkRatio(
        [
          [52, 48],
          [505, 495],
          [5020, 4980]
        ],
        [50, 50]
      )
    )
    assert.isFalse(sound.mismatch)
    const paused = accepted(checkRatio([[500, 77, 510]], [50, 0, 50]))
    assert.strictEqual(paused.units, 1010)
    assert.isFalse(paused.mismatch)
    assert.strictEqual(checkRatio([], [50, 50]), "no_units")
    assert.strictEqual(checkRatio([[0, 0]], [50, 50]), "no_units")
    assert.strictEqual(checkRatio([[1, 1]], [0, 0]), "out_of_range")
  })

  it("a split that is looked at after every batch raises few alarms while it is sound", () => {
    let alarms = 0
    for (let run = 0; run < 300; run++) {
      const { uniform } = randomNumbers(1000 + run)
      const counts = [0, 0]
      const looks: Array<ReadonlyArray<number>> = []
      for (let look = 0; look < 60; look++) {
        for (let unit = 0; unit < 50; unit++) counts[uniform() < 0.5 ? 0 : 1]! += 1
        looks.push([...counts])
      }
      if (accepted(checkRatio(looks, [50, 50])).mismatch) alarms += 1
    }
    assert.isAtMost(alarms, 2)
  })

  it("traffic keeps every arm alive and follows the chances otherwise", () => {
    const chances = accepted(
      bestMeanChances([
        { mean: 1, variance: 0.01 },
        { mean: 2, variance: 0.01 },
        { mean: 1.9, variance: 0.01 }
      ])
    )
    const shares = accepted(trafficShares(chances, 0.1))
    assert.approximately(
      shares.reduce((sum, share) => sum + share, 0),
      1,
      1e-12
    )
    assert.isAtLeast(Math.min(...shares), 0.1)
    assert.isAbove(shares[1]!, shares[2]!)
    assert.strictEqual(trafficShares(chances, 0.4), "out_of_range")
    assert.strictEqual(trafficShares(chances, 0), "out_of_range")
  })

  it("weighting by the logged probability undoes what following the results did to a mean", () => {
    // Two arms of one rate that is lower in the second step, in which the first arm got most of the traffic.
    const steps = (probabilities: readonly [number, number]) =>
      probabilities.map((probability, step) => {
        const count = 10_000 * probability
        const sum = count * (step === 0 ? 0.2 : 0.1)
        return { probability, count, sum, squares: sum }
      })
    const first = accepted(weightedEstimate(steps([0.5, 0.9])))
    const second = accepted(weightedEstimate(steps([0.5, 0.1])))
    assert.approximately(first.mean, 0.15, 1e-12)
    assert.approximately(second.mean, 0.15, 1e-12)
    assert.isAbove(second.variance, first.variance)
  })

  it("steps of a rollout are compared within each, not across", () => {
    const rate = (successes: number, trials: number) => accepted(rateEstimate(successes, trials))
    // The rate falls over time while the treatment's share grows: pooled it would look harmful.
    const both = accepted(
      stratify([
        { control: rate(200, 1000), treatment: rate(20, 100) },
        { control: rate(10, 100), treatment: rate(100, 1000) }
      ])
    )
    assert.approximately(both.treatment.mean, both.control.mean, 1e-12)
    assert.strictEqual(stratify([]), "no_units")
  })

  it("winners shrink, the more the less is known, and what all share is told", () => {
    const found = accepted(
      cumulativeImpact(
        [
          { effect: 0.1, variance: 0.0001, shipped: true },
          { effect: 0.1, variance: 0.01, shipped: true },
          { effect: -0.05, variance: 0.0001, shipped: false },
          { effect: 0, variance: 0.0001, shipped: false }
        ],
        0.05
      )
    )
    assert.isBelow(found.impact, found.measured)
    assert.isAbove(found.shrunk[0]!.mean, found.shrunk[1]!.mean)
    assert.isTrue(found.interval[0] < found.impact && found.impact < found.interval[1])
    assert.strictEqual(cumulativeImpact([], 0.05), "too_few_units")
  })

  it("two changes that only add up do not interact", () => {
    const cell = (mean: number): ArmEstimate => ({ count: 1000, mean, variance: 0.0001 })
    const added = accepted(
      interactionOf(
        { bothControl: cell(1), onlyFirst: cell(1.2), onlySecond: cell(1.3), bothTreatment: cell(1.5) },
        0.05
      )
    )
    assert.approximately(added.effect, 0, 1e-12)
    assert.approximately(added.pValue, 1, 1e-9)
  })

  it("say why they cannot answer", () => {
    assert.strictEqual(rateEstimate(0, 0), "no_units")
    assert.strictEqual(rateEstimate(5, 3), "out_of_range")
    assert.strictEqual(meanEstimate({ count: 1, sum: 1, squares: 1 }), "too_few_units")
    assert.strictEqual(
      ratioEstimate({ count: 3, left: { sum: 1, squares: 1 }, right: { sum: 0, squares: 0 }, products: 0 }),
      "no_units"
    )
    assert.strictEqual(comparePooled({ successes: 0, trials: 10 }, { successes: 0, trials: 12 }), "no_variance")
    assert.strictEqual(comparePooled({ successes: 0, trials: 0 }, { successes: 0, trials: 12 }), "no_units")
    assert.strictEqual(newcombeInterval({ successes: 1, trials: 2 }, { successes: 1, trials: 2 }, 0), "out_of_range")
    const zero = { count: 10, mean: 0, variance: 0.1 }
    assert.strictEqual(relativeLift(zero, zero), "control_is_zero")
    assert.strictEqual(fiellerInterval({ ...zero, mean: 0.01 }, zero, 2), "control_near_zero")
    assert.strictEqual(compareAtAnyTime(zero, zero, { alpha: 0.05, tuningUnits: 0 }), "out_of_range")
    assert.strictEqual(sampleSize(0, { spreadWith: 1, spreadWithout: 1 }, { alpha: 0.05, power: 0.8 }), "out_of_range")
    assert.strictEqual(rateBaseline(0, 0.1), "out_of_range")
    assert.strictEqual(adjustByCovariate([]), "no_units")
  })
})
