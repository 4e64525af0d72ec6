import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { maximise } from "./maximise.ts"
import type { Evaluation, Maximum } from "./maximise.ts"
import { runToEnd } from "./steps.ts"

const box = { low: -10, high: 10 }

const find = (
  evaluate: (point: ReadonlyArray<number>) => Evaluation,
  start: ReadonlyArray<number>,
  inside = box
): Maximum =>
  runToEnd(
    maximise(
      function* (point) {
        yield undefined
        return evaluate(point)
      },
      start,
      inside
    )
  )

/** A function of one coordinate as one of many, each with its own. */
const separable =
  (parts: ReadonlyArray<(x: number) => readonly [value: number, slope: number, curve: number]>) =>
  (point: ReadonlyArray<number>): Evaluation => {
    const each = parts.map((part, i) => part(point[i]!))
    return {
      value: each.reduce((sum, [value]) => sum + value, 0),
      gradient: each.map(([, slope]) => slope),
      hessian: each.map(([, , curve], i) => parts.map((_, j) => (i === j ? curve : 0)))
    }
  }

/** −100 (y − x²)² − (1 − x)²: the valley of Rosenbrock (1960), upside down. */
const rosenbrock = ([x = 0, y = 0]: ReadonlyArray<number>): Evaluation => ({
  value: -100 * (y - x * x) ** 2 - (1 - x) ** 2,
  gradient: [400 * x * (y - x * x) + 2 * (1 - x), -200 * (y - x * x)],
  hessian: [
    [400 * y - 1200 * x * x - 2, 400 * x],
    [400 * x, -200]
  ]
})

describe("maximise", () => {
  it("finds the top of a quadratic in one step, with the inverse of its curvature", () => {
    const found = find(
      ([x = 0, y = 0]) => ({
        value: 5 - (x - 1) ** 2 - (x - 1) * (y + 2) - 2 * (y + 2) ** 2,
        gradient: [-2 * (x - 1) - (y + 2), -(x - 1) - 4 * (y + 2)],
        hessian: [
          [-2, -1],
          [-1, -4]
        ]
      }),
      [0, 0]
    )
    assert.strictEqual(found.reason, "converged")
    assert.isAtMost(found.iterations, 2)
    assert.approximately(found.point[0]!, 1, 1e-14)
    assert.approximately(found.point[1]!, -2, 1e-14)
    assert.approximately(found.value, 5, 1e-14)
    const expected = [
      [4 / 7, -1 / 7],
      [-1 / 7, 2 / 7]
    ]
    for (const i of [0, 1])
      for (const j of [0, 1]) assert.approximately(found.covariance![i]![j]!, expected[i]![j]!, 1e-14)
  })

  it("follows a bent ridge to its top from anywhere", () => {
    const coordinate = fc.double({ min: -9, max: 9, noNaN: true })
    fc.assert(
      fc.property(coordinate, coordinate, (x, y) => {
        const found = find(rosenbrock, [x, y])
        assert.strictEqual(found.reason, "converged")
        assert.approximately(found.point[0]!, 1, 1e-9)
        assert.approximately(found.point[1]!, 1, 1e-9)
      })
    )
  })

  it("leaves regions where the function is bent upwards", () => {
    // Newton's method alone would go down to the minimum of the cosine at π.
    const found = find(separable([(x) => [Math.cos(x), -Math.sin(x), -Math.cos(x)]]), [3])
    assert.strictEqual(found.reason, "converged")
    assert.approximately(Math.cos(found.point[0]!), 1, 1e-15)
  })

  it("stops at the side of the box towards which the function rises", () => {
    const rising = (x: number) => [-Math.exp(-x), Math.exp(-x), -Math.exp(-x)] as const
    const round = (x: number) => [-((x - 3) ** 2), -2 * (x - 3), -2] as const
    const found = find(separable([rising, round]), [0, 0])
    assert.strictEqual(found.reason, "boundary")
    assert.strictEqual(found.point[0], 10)
    assert.approximately(found.point[1]!, 3, 1e-12)
    assert.isUndefined(found.covariance)
  })

  it("says when all points are equally good", () => {
    const level = () => [0, 0, 0] as const
    const round = (x: number) => [-((x - 3) ** 2), -2 * (x - 3), -2] as const
    const found = find(separable([level, round]), [1, 0])
    assert.strictEqual(found.reason, "flat")
    assert.approximately(found.point[1]!, 3, 1e-9)
    assert.isUndefined(found.covariance)
  })

  it("says when the derivatives promise what the values do not keep", () => {
    const found = find(separable([(x) => [-x, 1, -1]]), [0])
    assert.strictEqual(found.reason, "stalled")
  })

  it("says when there is nothing to start from", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.strictEqual(find(separable([() => [bad, 0, -1]]), [0]).reason, "not_finite")
      assert.strictEqual(find(separable([() => [0, bad, -1]]), [0]).reason, "not_finite")
      assert.strictEqual(find(separable([() => [0, 0, bad]]), [0]).reason, "not_finite")
    }
  })

  it("steps back from where the function has no value", () => {
    // ln(1 − x²) − (x − 0.9)² has none beyond 1; the longest step from −0.9 would end there.
    const found = find(
      separable([
        (x) => [
          Math.log(1 - x * x) - (x - 0.9) ** 2,
          (-2 * x) / (1 - x * x) - 2 * (x - 0.9),
          (-2 - 2 * x * x) / (1 - x * x) ** 2 - 2
        ]
      ]),
      [-0.9]
    )
    assert.strictEqual(found.reason, "converged")
    assert.isBelow(found.gradientNorm, 1e-9)
  })

  it("says when it was still on its way", () => {
    const found = find(separable([(x) => [x, 1, 0]]), [0], { low: -1e6, high: 1e6 })
    assert.strictEqual(found.reason, "iteration_limit")
  })
})
