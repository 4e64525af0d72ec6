import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { benjaminiHochberg, correctFamily, eBenjaminiHochberg, holm } from "./multipleComparisons.ts"

const published = [0.01, 0.04, 0.03, 0.005]
const rounded = (values: ReadonlyArray<number>): ReadonlyArray<number> =>
  values.map((value) => Number(value.toFixed(12)))
const family = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 })

describe("corrections for several comparisons", () => {
  it("are those of R's p.adjust", () => {
    assert.deepStrictEqual(rounded(holm(published)), [0.03, 0.06, 0.06, 0.02])
    assert.deepStrictEqual(rounded(benjaminiHochberg(published)), [0.02, 0.04, 0.04, 0.02])
  })

  it("widen intervals: α/m under Holm, α·R/m under Benjamini–Hochberg", () => {
    assert.strictEqual(correctFamily(published, "holm", 0.05).intervalAlpha, 0.0125)
    assert.strictEqual(correctFamily(published, "benjamini_hochberg", 0.05).intervalAlpha, 0.05)
    assert.strictEqual(correctFamily([0.001, 0.9, 0.8, 0.7], "benjamini_hochberg", 0.05).intervalAlpha, 0.0125)
    assert.strictEqual(correctFamily([0.6, 0.9], "benjamini_hochberg", 0.05).intervalAlpha, 0.025)
    assert.deepStrictEqual(correctFamily(published, "none", 0.05), { adjusted: published, intervalAlpha: 0.05 })
    assert.deepStrictEqual(correctFamily([], "holm", 0.05), { adjusted: [], intervalAlpha: 0.05 })
  })

  it("find by e-values what the base procedure finds: k evidence values of m / (α k) and more", () => {
    const eValues = [100, 45, 10, 0]
    const adjusted = eBenjaminiHochberg(eValues)
    // m / (α k) is 80, 40, 26.7, 20: the first two are found.
    assert.deepStrictEqual(
      adjusted.map((value) => value <= 0.05),
      [true, true, false, false]
    )
    assert.strictEqual(adjusted[3], 1)
  })

  it("never make a p-value smaller, keep its order, and Holm asks for more than Benjamini–Hochberg", () => {
    fc.assert(
      fc.property(family, (pValues) => {
        const strict = holm(pValues)
        const mild = benjaminiHochberg(pValues)
        for (const [i, p] of pValues.entries()) {
          assert.isAtLeast(mild[i]!, p * (1 - 1e-12))
          assert.isAtLeast(strict[i]!, mild[i]! * (1 - 1e-12))
          assert.isAtMost(strict[i]!, 1)
          for (const [j, other] of pValues.entries())
            if (p < other) {
              assert.isAtMost(strict[i]!, strict[j]!)
              assert.isAtMost(mild[i]!, mild[j]!)
            }
        }
      })
    )
  })

  it("do not depend on the order in which p-values come", () => {
    fc.assert(
      fc.property(family, (pValues) => {
        assert.deepStrictEqual(holm(pValues.toReversed()), holm(pValues).toReversed())
        assert.deepStrictEqual(benjaminiHochberg(pValues.toReversed()), benjaminiHochberg(pValues).toReversed())
      })
    )
  })
})
