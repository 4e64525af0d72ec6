import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { readFileSync } from "node:fs"
import { betaExpectation } from "./betaExpectation.ts"
import { chiSquareCumulative, chiSquareQuantile, chiSquareUpperTail } from "./chiSquare.ts"
import { digamma, logBeta, logGamma, trigamma } from "./gamma.ts"
import { logHypergeometric } from "./hypergeometric.ts"
import { incompleteBeta } from "./incompleteBeta.ts"
import { incompleteGamma } from "./incompleteGamma.ts"
import { log1pMinus } from "./log1pMinus.ts"
import { normalCumulative, normalQuantile, normalUpperTail } from "./normal.ts"
import { studentCumulative, studentQuantile, studentUpperTail } from "./studentT.ts"

/** Made by `specialFunctions.py` with 50 digits. */
interface Vector {
  readonly function: string
  readonly arguments: ReadonlyArray<number>
  readonly value: string
}

const vectors = JSON.parse(
  readFileSync(new URL("specialFunctions.golden.json", import.meta.url), "utf8")
) as ReadonlyArray<Vector>

const functions: Record<string, (...values: ReadonlyArray<number>) => number> = {
  logGamma: (x) => logGamma(x!),
  digamma: (x) => digamma(x!),
  trigamma: (x) => trigamma(x!),
  logBeta: (a, b) => logBeta(a!, b!),
  log1pMinus: (x) => log1pMinus(x!),
  "incompleteGamma.lower": (a, x) => incompleteGamma(a!, x!).lower,
  "incompleteGamma.upper": (a, x) => incompleteGamma(a!, x!).upper,
  "incompleteBeta.lower": (a, b, x) => incompleteBeta(a!, b!, x!).lower,
  "incompleteBeta.upper": (a, b, x) => incompleteBeta(a!, b!, x!).upper,
  normalCumulative: (z) => normalCumulative(z!),
  normalUpperTail: (z) => normalUpperTail(z!),
  normalQuantile: (p) => normalQuantile(p!),
  chiSquareUpperTail: (x, k) => chiSquareUpperTail(x!, k!),
  chiSquareQuantile: (p, k) => chiSquareQuantile(p!, k!),
  studentUpperTail: (t, k) => studentUpperTail(t!, k!),
  studentQuantile: (p, k) => studentQuantile(p!, k!),
  logHypergeometric: (a, b, c, z) => logHypergeometric(a!, b!, c!, z!),
  betaExpectation: (a, b, k, u) =>
    betaExpectation(a!, b!, (p) => (p * u! < 1e-300 ? k! * u! : -Math.expm1(-k! * Math.log1p(p * u!)) / p))
}

const relativeErrorMax = 1e-9
const absoluteErrorMax = 1e-12

const share = fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true })
const degrees = fc.double({ min: 0.5, max: 500, noNaN: true })

describe("special functions", () => {
  for (const [name, evaluate] of Object.entries(functions)) {
    it(`${name} agrees with the 50-digit reference`, () => {
      const own = vectors.filter((vector) => vector.function === name)
      assert.isAbove(own.length, 10)
      for (const { arguments: values, value } of own) {
        const actual = evaluate(...values)
        const errorMax = Math.max(relativeErrorMax * Math.abs(Number(value)), absoluteErrorMax)
        assert.isAtMost(
          Math.abs(actual - Number(value)),
          errorMax,
          `${name}(${values.join(", ")}) = ${actual}, not ${value}`
        )
      }
    })
  }

  it("keep nine digits where the value itself is tiny", () => {
    for (const { arguments: values, function: name, value } of vectors) {
      if (!/lower|upper|Tail|Cumulative/.test(name) || Math.abs(Number(value)) > 1e-3) continue
      const actual = functions[name]!(...values)
      assert.isAtMost(
        Math.abs(actual / Number(value) - 1),
        relativeErrorMax,
        `${name}(${values.join(", ")}) = ${actual}`
      )
    }
  })

  it("answer NaN outside their domains", () => {
    for (const value of [
      logGamma(0),
      logGamma(-1.5),
      logGamma(Number.NaN),
      digamma(0),
      trigamma(-1),
      logBeta(0, 1),
      logBeta(1, -1),
      incompleteGamma(0, 1).lower,
      incompleteGamma(1, -1).upper,
      incompleteBeta(1, 1, 1.5).lower,
      incompleteBeta(-1, 1, 0.5).upper,
      normalQuantile(-0.1),
      normalQuantile(1.1),
      chiSquareQuantile(0.5, 0),
      chiSquareQuantile(2, 1),
      studentQuantile(0.5, -1),
      studentQuantile(Number.NaN, 3),
      logHypergeometric(1, 1, 1, 1),
      logHypergeometric(-1, 1, 1, 0.5)
    ])
      assert.isNaN(value)
  })

  it("reach their ends", () => {
    assert.deepStrictEqual(incompleteGamma(3, 0), { lower: 0, upper: 1 })
    assert.deepStrictEqual(incompleteGamma(3, Number.POSITIVE_INFINITY), { lower: 1, upper: 0 })
    assert.deepStrictEqual(incompleteBeta(2, 3, 0), { lower: 0, upper: 1 })
    assert.deepStrictEqual(incompleteBeta(2, 3, 1), { lower: 1, upper: 0 })
    assert.strictEqual(normalQuantile(0), Number.NEGATIVE_INFINITY)
    assert.strictEqual(normalQuantile(1), Number.POSITIVE_INFINITY)
    assert.strictEqual(chiSquareQuantile(0, 4), 0)
    assert.strictEqual(chiSquareQuantile(1, 4), Number.POSITIVE_INFINITY)
    assert.strictEqual(studentQuantile(0, 4), Number.NEGATIVE_INFINITY)
    assert.strictEqual(studentQuantile(1, 4), Number.POSITIVE_INFINITY)
    assert.strictEqual(studentUpperTail(Number.POSITIVE_INFINITY, 4), 0)
    assert.strictEqual(normalCumulative(Number.POSITIVE_INFINITY), 1)
  })

  it("take quantiles back to their shares", () => {
    fc.assert(
      fc.property(share, degrees, (p, k) => {
        assert.approximately(normalCumulative(normalQuantile(p)), p, 1e-12 * p + 1e-15)
        assert.approximately(studentCumulative(studentQuantile(p, k), k), p, 1e-11 * p + 1e-15)
        assert.approximately(chiSquareCumulative(chiSquareQuantile(p, k), k), p, 1e-11 * p + 1e-14)
      }),
      { numRuns: 500 }
    )
  })

  it("come near the normal distribution with many degrees of freedom", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), (p) => {
        assert.approximately(studentQuantile(p, 1e6), normalQuantile(p), 1e-4)
      })
    )
  })

  it("mean one over a Beta distribution, and its mean", () => {
    const shape = fc.double({ min: 0.001, max: 5000, noNaN: true })
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        assert.approximately(
          betaExpectation(a, b, () => 1),
          1,
          1e-11
        )
        const mean = a / (a + b)
        assert.approximately(
          betaExpectation(a, b, (p) => p),
          mean,
          1e-11 * mean
        )
      }),
      { numRuns: 200 }
    )
  })
})
