import { assert, describe, it } from "@effect/vitest"
import { correlate } from "./correlation.ts"

describe("correlation", () => {
  it("is that of Anscombe's first set", () => {
    // Anscombe 1973, Graphs in Statistical Analysis: r = 0.816, t = 4.24 with 9 degrees of freedom.
    const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
    const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]
    const { coefficient, pValue } = correlate(x, y)
    assert.approximately(coefficient!, 0.8164, 5e-5)
    assert.approximately(pValue!, 0.00217, 5e-6)
    const reversed = correlate(
      x,
      y.map((value) => -value)
    )
    assert.approximately(reversed.coefficient!, -coefficient!, 1e-15)
    assert.approximately(reversed.pValue!, pValue!, 1e-15)
  })

  it("is certain on a line", () => {
    const { coefficient, pValue } = correlate([1, 2, 3, 4], [10, 20, 30, 40])
    assert.approximately(coefficient!, 1, 1e-15)
    assert.approximately(pValue!, 0, 1e-15)
  })

  it("is none where a column does not vary, or holds too little", () => {
    const none = { coefficient: undefined, pValue: undefined }
    assert.deepStrictEqual(correlate([1, 1, 1, 1], [1, 2, 3, 4]), none)
    assert.deepStrictEqual(correlate([1, 2], [3, 5]), none)
    assert.deepStrictEqual(correlate([], []), none)
  })
})
