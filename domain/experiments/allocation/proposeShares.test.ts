import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import { randomNumbers } from "../../statistics/RandomNumbers.ts"
import type { AllocationStep } from "../results/ExperimentEvidence.ts"
import { bestChances } from "./bestChances.ts"
import { proposeShares, wholePercents } from "./proposeShares.ts"

const rate: AnalysedMetric = { id: "ordered", name: "ordered", role: "goal", kind: "rate", direction: "increase" }
const mean: AnalysedMetric = { ...rate, kind: "mean" }
const bandit = { kind: "bandit" } as const

/** A step with so many of so many in each arm. */
const step = (
  weights: ReadonlyArray<number>,
  arms: ReadonlyArray<readonly [sum: number, count: number]>
): AllocationStep => ({
  probabilities: weights.map((weight) => weight / 100),
  assigned: arms.map(([, count]) => count),
  sums: [arms.map(([sum, count]) => ({ count, converted: sum, sum, squares: sum }))]
})

describe("shares of a bandit", () => {
  it("stay while any arm has fewer units than the burn-in, of those that count", () => {
    const early = [
      step(
        [50, 50],
        [
          [50, 99],
          [20, 200]
        ]
      )
    ]
    assert.deepStrictEqual(proposeShares(bandit, rate, 0, early, 2), { kind: "burn_in" })
    assert.strictEqual(proposeShares({ ...bandit, burn_in_units: 99 }, rate, 0, early, 2).kind, "shares")
  })

  it("follow the chance to be the best and leave every arm its minimum", () => {
    const found = proposeShares(
      { ...bandit, minimum_percent: 7 },
      rate,
      0,
      [
        step(
          [50, 50],
          [
            [100, 1000],
            [200, 1000]
          ]
        )
      ],
      2
    )
    assert.strictEqual(found.kind, "shares")
    if (found.kind === "shares") assert.deepStrictEqual(found.weights, [7, 93])
  })

  it("follow what is less where less is better", () => {
    const found = proposeShares(
      bandit,
      { ...rate, direction: "decrease" },
      0,
      [
        step(
          [50, 50],
          [
            [100, 1000],
            [200, 1000]
          ]
        )
      ],
      2
    )
    assert.strictEqual(found.kind, "shares")
    if (found.kind === "shares") assert.deepStrictEqual(found.weights, [95, 5])
  })

  it("are whole percents that sum to 100, each within one of what it should be, none below a whole minimum", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 10 }),
        fc.integer({ min: 1, max: 10 }),
        (chances, minimum) => {
          const sum = chances.reduce((all, chance) => all + chance, 0)
          fc.pre(sum > 1e-6)
          const free = 1 - (minimum / 100) * chances.length
          const shares = chances.map((chance) => minimum / 100 + (free * chance) / sum)
          const weights = wholePercents(shares)
          assert.strictEqual(
            weights.reduce((all, weight) => all + weight, 0),
            100
          )
          for (const [arm, weight] of weights.entries()) {
            assert.isAtLeast(weight, minimum)
            assert.isAtMost(Math.abs(weight - shares[arm]! * 100), 1)
          }
        }
      )
    )
  })

  it("do not hold an arm's bad times against it: each unit weighs by its logged probability", () => {
    // Both arms are alike in each step; the second had most of its traffic in the worse one.
    const steps = [
      step(
        [80, 20],
        [
          [400, 800],
          [100, 200]
        ]
      ),
      step(
        [20, 80],
        [
          [20, 200],
          [80, 800]
        ]
      )
    ]
    const found = proposeShares(bandit, rate, 0, steps, 2)
    assert.strictEqual(found.kind, "shares")
    if (found.kind === "shares") assert.closeTo(found.chances[0]!, 0.5, 1e-6)
  })

  it("of means too, also where an arm brought nothing at all", () => {
    const sums = (values: ReadonlyArray<number>) => ({
      count: values.length,
      converted: values.filter((value) => value !== 0).length,
      sum: values.reduce((all, value) => all + value, 0),
      squares: values.reduce((all, value) => all + value * value, 0)
    })
    const paid = Array.from({ length: 200 }, (_, at) => (at % 10 === 0 ? 50 : 0))
    const nothing = paid.map(() => 0)
    const steps = [{ probabilities: [0.5, 0.5], assigned: [200, 200], sums: [[sums(nothing), sums(paid)]] }]
    const found = proposeShares(bandit, mean, 0, steps, 2)
    assert.strictEqual(found.kind, "shares")
    if (found.kind === "shares") assert.deepStrictEqual(found.weights, [5, 95])
    const silent = [{ probabilities: [0.5, 0.5], assigned: [200, 200], sums: [[sums(nothing), sums(nothing)]] }]
    assert.deepStrictEqual(proposeShares(bandit, mean, 0, silent, 2), { kind: "too_few_units" })
  })
})

describe("estimates of a bandit", () => {
  it("are of the arms' true rates over many bandits, where plain means are too low", () => {
    const truth = 0.3
    const [plain, weighted] = [
      { sum: 0, runs: 0 },
      { sum: 0, runs: 0 }
    ]
    for (let run = 0; run < 400; run += 1) {
      const random = randomNumbers(run)
      let weights: ReadonlyArray<number> = [50, 50]
      const steps: Array<AllocationStep> = []
      for (let at = 0; at < 6; at += 1) {
        const arms = weights.map((weight): readonly [number, number] => {
          const count = weight * 2
          return [Array.from({ length: count }).filter(() => random.uniform() < truth).length, count]
        })
        steps.push(step(weights, arms))
        const found = proposeShares({ ...bandit, burn_in_units: 10 }, rate, 0, steps, 2)
        if (found.kind === "shares") weights = found.weights
      }
      const own = steps.map(({ probabilities, sums }) => ({ ...sums[0]![0]!, probability: probabilities[0]! }))
      const total = (of: (each: (typeof own)[number]) => number) => own.reduce((all, each) => all + of(each), 0)
      plain.sum += total(({ sum }) => sum) / total(({ count }) => count)
      weighted.sum +=
        total(({ probability, sum }) => sum / probability) / total(({ count, probability }) => count / probability)
      plain.runs += 1
      weighted.runs += 1
    }
    assert.isBelow(plain.sum / plain.runs, truth - 0.004)
    assert.closeTo(weighted.sum / weighted.runs, truth, 0.003)
  })

  it("while shares have not changed are the plain posterior", () => {
    const arms = [
      [{ probability: 0.5, count: 100, sum: 20, squares: 20 }],
      [{ probability: 0.5, count: 100, sum: 30, squares: 30 }]
    ]
    // The chance of Beta(31, 71) over Beta(21, 81): the published figure of the two-arm comparison.
    assert.closeTo(bestChances(rate, arms)![1]!, 0.9476, 0.00005)
    assert.isUndefined(bestChances(rate, [arms[0]!, []]))
  })
})
