import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { invertPositiveDefinite, solvePositiveDefinite } from "./symmetricMatrix.ts"

const factor = fc.integer({ min: 1, max: 5 }).chain((size) =>
  fc.array(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: size, maxLength: size }), {
    minLength: size,
    maxLength: size
  })
)

describe("symmetric matrices", () => {
  it("inverts what is positive definite", () => {
    fc.assert(
      fc.property(factor, (rows) => {
        const matrix = rows.map((left, i) =>
          rows.map((right, j) => left.reduce((sum, value, k) => sum + value * right[k]!, 0) + (i === j ? 1 : 0))
        )
        const inverse = invertPositiveDefinite(matrix)!
        for (const [i, row] of matrix.entries()) {
          for (const j of matrix.keys()) {
            const product = row.reduce((sum, value, k) => sum + value * inverse[k]![j]!, 0)
            assert.approximately(product, i === j ? 1 : 0, 1e-10)
          }
        }
      })
    )
  })

  it("says no to what is not", () => {
    const right = [1, 1]
    const refused = [
      [
        [1, 2],
        [2, 1]
      ],
      [
        [1, 1],
        [1, 1]
      ],
      [
        [0, 0],
        [0, 0]
      ],
      [
        [Number.NaN, 0],
        [0, 1]
      ]
    ]
    for (const matrix of refused) {
      assert.isUndefined(solvePositiveDefinite(matrix, right))
      assert.isUndefined(invertPositiveDefinite(matrix))
    }
    assert.deepStrictEqual(solvePositiveDefinite([[4]], [2]), [0.5])
  })
})
