import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import type { ArmEstimate } from "./ArmEstimate.ts"
import { ratioEstimate, rateEstimate } from "./ArmEstimate.ts"
import { beliefInterval, chanceToBeat, expectedLoss, liftInterval } from "./betaPosterior.ts"
import type { BetaBelief } from "./betaPosterior.ts"
import { clusteredQuantile } from "./clusteredQuantile.ts"
import { compareAtAnyTime } from "./confidenceSequence.ts"
import { adjustByCovariate } from "./cuped.ts"
import { interactionOf } from "./interaction.ts"
import { weightedEstimate } from "./inverseProbability.ts"
import { mixtureRatioTest } from "./mixtureRatioTest.ts"
import { newcombeInterval } from "./newcombe.ts"
import { judgeLift } from "./normalPosterior.ts"
import type { NormalBelief } from "./normalPosterior.ts"
import { comparePooled } from "./pooledProportions.ts"
import { checkRatio, logBayesFactor } from "./ratioMismatch.ts"
import { compareRelative, fiellerInterval } from "./relativeLift.ts"
import { minimumDetectableEffect, powerOf, rateBaseline, sampleSize } from "./sampleSize.ts"
import { cumulativeImpact } from "./shrinkage.ts"
import { isRefused } from "./StatisticsRefusal.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"
import { sumCovariates, sumPairs } from "./testing/sums.ts"
import { bestMeanChances, bestRateChances } from "./thompson.ts"
import { compareMeans } from "./welch.ts"

/** Made by `experimentStatistics.py` with 50 digits. */
interface Vector {
  readonly function: string
  readonly arguments: ReadonlyArray<never>
  readonly value: ReadonlyArray<string>
}

const vectors = JSON.parse(
  readFileSync(new URL("experimentStatistics.golden.json", import.meta.url), "utf8")
) as ReadonlyArray<Vector>

/** As the vectors bear an arm: n, mean, variance of the mean. */
type Arm = readonly [count: number, mean: number, variance: number]
type Shapes = readonly [a: number, b: number]

const arm = ([count, mean, variance]: Arm): ArmEstimate => ({ count, mean, variance })
const belief = ([a, b]: Shapes): BetaBelief => ({ a, b })

const accepted = <A>(answer: A | StatisticsRefusal): A => {
  if (isRefused(answer)) throw new Error(`refused: ${answer}`)
  return answer
}

/** The functions by name; each answers its figures as a list. */
const functions: Record<string, (...values: ReadonlyArray<never>) => ReadonlyArray<number>> = {
  comparePooled: (a: number, n: number, b: number, m: number) => {
    const { pValue, z } = accepted(comparePooled({ successes: a, trials: n }, { successes: b, trials: m }))
    return [z, pValue]
  },
  compareMeans: (control: Arm, treatment: Arm, alpha: number) => {
    const test = accepted(compareMeans(arm(control), arm(treatment), alpha))
    return [test.effect, test.standardError, test.degreesOfFreedom, test.t, test.pValue, ...test.interval]
  },
  compareRelative: (control: Arm, treatment: Arm, alpha: number) => {
    const test = accepted(compareRelative(arm(control), arm(treatment), alpha))
    return [test.effect, test.standardError, test.degreesOfFreedom, test.t, test.pValue, ...test.interval]
  },
  fiellerInterval: (control: Arm, treatment: Arm, criticalValue: number) =>
    accepted(fiellerInterval(arm(control), arm(treatment), criticalValue)),
  newcombeInterval: (a: number, n: number, b: number, m: number, alpha: number) =>
    accepted(newcombeInterval({ successes: a, trials: n }, { successes: b, trials: m }, alpha)),
  compareAtAnyTime: (control: Arm, treatment: Arm, alpha: number, tuningUnits: number) => {
    const test = accepted(compareAtAnyTime(arm(control), arm(treatment), { alpha, tuningUnits }))
    return [...test.interval, test.pValue, test.eValue]
  },
  mixtureRatioTest: (control: Arm, treatment: Arm, tau: number, alpha: number) => {
    const test = accepted(mixtureRatioTest(arm(control), arm(treatment), tau, alpha))
    return [test.ratio, test.pValue, ...test.interval]
  },
  sampleSize: (rate: number, difference: number, alpha: number, power: number) => [
    accepted(sampleSize(difference, accepted(rateBaseline(rate, difference)), { alpha, power }))
  ],
  powerOf: (rate: number, difference: number, units: number, alpha: number) => [
    accepted(powerOf(difference, accepted(rateBaseline(rate, difference)), units, alpha))
  ],
  minimumDetectableEffect: (rate: number, units: number, alpha: number, power: number) => [
    accepted(minimumDetectableEffect({ kind: "rate", rate }, units, { alpha, power }))
  ],
  adjustByCovariate: (arms: ReadonlyArray<ReadonlyArray<readonly [x: number | null, y: number]>>) => {
    const adjusted = accepted(adjustByCovariate(arms.map(sumCovariates)))
    return [
      adjusted.theta,
      adjusted.pooledCovariateMean,
      adjusted.varianceReduction,
      ...adjusted.arms.flatMap(({ mean, variance }) => [mean, variance])
    ]
  },
  ratioEstimate: (units: ReadonlyArray<readonly [left: number, right: number]>) => {
    const { mean, variance } = accepted(ratioEstimate(sumPairs(units)))
    return [mean, variance]
  },
  logBayesFactor: (counts: ReadonlyArray<number>, weights: ReadonlyArray<number>) => {
    const sum = weights.reduce((total, weight) => total + weight, 0)
    return [
      logBayesFactor(
        counts,
        weights.map((weight) => weight / sum)
      )
    ]
  },
  checkRatio: (counts: ReadonlyArray<number>, weights: ReadonlyArray<number>) => {
    const check = accepted(checkRatio([counts], weights))
    return [check.pValue, check.chiSquare, check.chiSquarePValue]
  },
  betaPosterior: (control: Shapes, treatment: Shapes, alpha: number) => {
    const [a, b] = [belief(control), belief(treatment)]
    return [
      chanceToBeat(a, b),
      expectedLoss(a, b),
      expectedLoss(b, a),
      ...beliefInterval(a, alpha),
      ...liftInterval(a, b, alpha)
    ]
  },
  judgeLift: (control: Arm, treatment: Arm, alpha: number, prior: Shapes | null) => {
    const [mean, variance] = prior ?? []
    const given = mean === undefined || variance === undefined ? undefined : { mean, variance }
    const verdict = accepted(judgeLift(arm(control), arm(treatment), alpha, given))
    return [
      verdict.lift,
      verdict.chanceToWin,
      verdict.risk.control,
      verdict.risk.treatment,
      ...verdict.credibleInterval
    ]
  },
  bestRateChances: (beliefs: ReadonlyArray<Shapes>) => bestRateChances(beliefs.map(belief)),
  bestMeanChances: (beliefs: ReadonlyArray<Shapes>) =>
    accepted(bestMeanChances(beliefs.map(([mean, variance]): NormalBelief => ({ mean, variance })))),
  clusteredQuantile: (units: ReadonlyArray<ReadonlyArray<number>>, share: number, alpha: number) => {
    const { estimate, interval } = accepted(clusteredQuantile(units, share, alpha))
    return [estimate.count, estimate.mean, estimate.variance, ...interval]
  },
  weightedEstimate: (steps: ReadonlyArray<readonly [probability: number, values: ReadonlyArray<number>]>) => {
    const estimate = accepted(
      weightedEstimate(
        steps.map(([probability, values]) => ({
          probability,
          count: values.length,
          sum: values.reduce((sum, value) => sum + value, 0),
          squares: values.reduce((sum, value) => sum + value * value, 0)
        }))
      )
    )
    return [estimate.mean, estimate.variance]
  },
  cumulativeImpact: (
    effects: ReadonlyArray<readonly [effect: number, variance: number, live: number]>,
    alpha: number
  ) => {
    const found = accepted(
      cumulativeImpact(
        effects.map(([effect, variance, live]) => ({ effect, variance, shipped: live === 1 })),
        alpha
      )
    )
    return [found.prior.mean, found.prior.variance, found.measured, found.impact, ...found.interval]
  },
  interactionOf: (none: Arm, first: Arm, second: Arm, both: Arm, alpha: number) => {
    const found = accepted(
      interactionOf(
        { bothControl: arm(none), onlyFirst: arm(first), onlySecond: arm(second), bothTreatment: arm(both) },
        alpha
      )
    )
    return [found.effect, ...found.interval, found.pValue]
  }
}

const relativeErrorMax = 1e-9
const absoluteErrorMax = 1e-12

describe("statistics of experiments", () => {
  for (const [name, evaluate] of Object.entries(functions)) {
    it(`${name} agrees with the 50-digit reference`, () => {
      const own = vectors.filter((vector) => vector.function === name)
      assert.isAtLeast(own.length, 2)
      for (const { arguments: values, value } of own) {
        const actual = evaluate(...values)
        assert.strictEqual(actual.length, value.length)
        for (const [index, reference] of value.entries()) {
          const expected = Number(reference)
          const errorMax = Math.max(relativeErrorMax * Math.abs(expected), absoluteErrorMax)
          const told = `${name}(${JSON.stringify(values).slice(0, 200)})[${index}] = ${actual[index]}, not ${reference}`
          assert.isAtMost(Math.abs(actual[index]! - expected), errorMax, told)
        }
      }
    })
  }

  it("have a reference for every function and a function for every reference", () => {
    assert.sameMembers([...new Set(vectors.map((vector) => vector.function))], Object.keys(functions))
  })
})

describe("published figures", () => {
  const rate = (successes: number, trials: number): ArmEstimate => accepted(rateEstimate(successes, trials))

  it("200 of 1000 v 250 of 1000: z, p, Newcombe's interval, and a sequence that waits", () => {
    const [control, treatment] = [
      { successes: 200, trials: 1000 },
      { successes: 250, trials: 1000 }
    ]
    const { pValue, z } = accepted(comparePooled(control, treatment))
    assert.strictEqual(z.toFixed(5), "2.67740")
    assert.strictEqual(pValue.toFixed(5), "0.00742")
    const [low, high] = accepted(newcombeInterval(control, treatment, 0.05))
    assert.strictEqual(low.toFixed(9), "0.013395970")
    assert.strictEqual(high.toFixed(9), "0.086450995")
    const sequence = accepted(compareAtAnyTime(rate(200, 1000), rate(250, 1000), { alpha: 0.05, tuningUnits: 5000 }))
    assert.strictEqual(sequence.pValue.toFixed(4), "0.1325")
    assert.deepStrictEqual(
      sequence.interval.map((end) => end.toFixed(5)),
      ["-0.00823", "0.10823"]
    )
  })

  it("500 of 5000 v 600 of 5000 by a confidence sequence", () => {
    const sequence = accepted(compareAtAnyTime(rate(500, 5000), rate(600, 5000), { alpha: 0.05, tuningUnits: 5000 }))
    assert.strictEqual(sequence.pValue.toFixed(6), "0.033486")
    assert.deepStrictEqual(
      sequence.interval.map((end) => end.toFixed(5)),
      ["0.00085", "0.03915"]
    )
  })

  it("14 of 28 v 16 of 30: the relative lift by the delta method", () => {
    const test = accepted(compareRelative(rate(14, 28), rate(16, 30), 0.05))
    assert.strictEqual(test.effect.toFixed(4), "0.0667")
    assert.strictEqual(test.pValue.toFixed(4), "0.8071")
    assert.deepStrictEqual(
      test.interval.map((end) => end.toFixed(4)),
      ["-0.4777", "0.6110"]
    )
  })

  it("chances to win and risks", () => {
    assert.strictEqual(chanceToBeat({ a: 21, b: 81 }, { a: 31, b: 71 }).toFixed(5), "0.94760")
    const verdict = accepted(judgeLift(rate(49, 100), rate(51, 100), 0.05))
    assert.strictEqual(verdict.lift.toFixed(4), "0.0408")
    assert.strictEqual(verdict.chanceToWin.toFixed(4), "0.6092")
    assert.strictEqual(verdict.risk.control.toFixed(4), "0.0814")
    assert.strictEqual(verdict.risk.treatment.toFixed(4), "0.0406")
  })

  it("sizes of Evan Miller's calculator, and 600/400 as a broken split", () => {
    const demand = { alpha: 0.05, power: 0.8 }
    assert.strictEqual(sampleSize(0.05, accepted(rateBaseline(0.2, 0.05)), demand), 1030)
    assert.strictEqual(sampleSize(0.01, accepted(rateBaseline(0.05, 0.01)), demand), 7663)
    const check = accepted(checkRatio([[600, 400]], [50, 50]))
    assert.approximately(check.chiSquare, 40, 1e-9)
    assert.isTrue(check.mismatch)
  })
})
