import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { BootstrapRequest } from "../../ports/analytics/Bootstrap.ts"
import { bootstrap } from "./bootstrap.ts"
import { runToEnd } from "./steps.ts"

/** A small generator of its own, so that simulated people have nothing in common with the draws. */
const uniforms = (seed: number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
}

const requestOf = (values: ReadonlyArray<number>, more: Partial<BootstrapRequest> = {}): BootstrapRequest => ({
  seed: "seed",
  people: new Uint32Array(values.flatMap((_, person) => [person, Math.imul(person, 77)])),
  keys: new Uint32Array(values.length),
  measures: [new Float64Array(values), new Float64Array(values.length).fill(1)],
  cellCount: 1,
  cellsOfKey: [[0]],
  statistics: new Int32Array([0, -1, 0, 1]),
  ...more
})

const intervalsOf = (request: BootstrapRequest) => {
  const { high, low, people } = runToEnd(bootstrap(request))
  return { sum: [low[0]!, high[0]!], mean: [low[1]!, high[1]!], people: people[0] }
}

describe("bootstrap", () => {
  it("comes to what the normal approximation says of many people", () => {
    const next = uniforms(1)
    const values = Array.from({ length: 4000 }, () => Math.round(1000 * next()))
    const total = values.reduce((sum, value) => sum + value, 0)
    const mean = total / values.length
    const spread = 1.96 * Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
    const meanSpread = (1.96 * Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0))) / values.length
    const { mean: means, people, sum } = intervalsOf(requestOf(values))
    assert.strictEqual(people, 4000)
    for (const [end, expected] of [
      [sum[0], total - spread],
      [sum[1], total + spread]
    ] as const)
      assert.closeTo(end!, expected, spread * 0.2)
    for (const [end, expected] of [
      [means[0], mean - meanSpread],
      [means[1], mean + meanSpread]
    ] as const)
      assert.closeTo(end!, expected, meanSpread * 0.2)
  })

  it("covers the mean of skewed values in about 95 of 100 samples", () => {
    const next = uniforms(7)
    const samples = 300
    const covered = Array.from({ length: samples }, (_, sample) => {
      const values = Array.from({ length: 80 }, () => -Math.log(next()))
      const [low, high] = intervalsOf(requestOf(values, { seed: `sample ${sample}` })).mean
      return low! <= 1 && 1 <= high!
    }).filter(Boolean).length
    // The percentile interval of 80 exponential values covers 93 % (Efron and Tibshirani say: somewhat too few).
    assert.isAtLeast(covered / samples, 0.89)
    assert.isAtMost(covered / samples, 0.98)
  })

  it("depends on seed and people alone: not on the order of people, nor on how a person's rows are cut", () => {
    const people = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(people, fc.string(), (values, seed) => {
        const whole = requestOf(values, { seed })
        const reversed: BootstrapRequest = {
          ...whole,
          people: new Uint32Array(
            Array.from({ length: values.length }, (_, at) => values.length - 1 - at).flatMap((person) => [
              person,
              Math.imul(person, 77)
            ])
          ),
          measures: [new Float64Array(values.toReversed()), new Float64Array(values.length).fill(1)]
        }
        assert.deepStrictEqual(intervalsOf(reversed), intervalsOf(whole))
        const cut: BootstrapRequest = {
          ...whole,
          people: new Uint32Array(
            values.flatMap((_, person) => [person, Math.imul(person, 77), person, Math.imul(person, 77)])
          ),
          keys: new Uint32Array(values.flatMap(() => [0, 1])),
          cellsOfKey: [[0], [0]],
          measures: [
            new Float64Array(values.flatMap((value) => [value - 3, 3])),
            new Float64Array(values.flatMap(() => [1, 0]))
          ]
        }
        assert.deepStrictEqual(intervalsOf(cut), intervalsOf(whole))
      }),
      { numRuns: 50 }
    )
  })

  it("draws anew for another seed, and has no interval where most draws have nobody", () => {
    const values = [5, 9, 100, 3, 70]
    assert.notDeepEqual(intervalsOf(requestOf(values)), intervalsOf(requestOf(values, { seed: "other" })))
    const nobody = requestOf(values, { measures: [new Float64Array(values.length), new Float64Array(values.length)] })
    const { mean, sum } = intervalsOf(nobody)
    assert.deepStrictEqual(
      [sum, mean],
      [
        [0, 0],
        [Number.NaN, Number.NaN]
      ]
    )
  })
})
