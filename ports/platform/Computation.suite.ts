import { assert, layer as layerOf } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import type { Layer } from "effect"
import type { LifetimeModelRequest } from "../analytics/LifetimeModel.ts"
import type { PortFailure } from "../PortFailure.ts"
import { Computation } from "./Computation.ts"

/** Customers who bought first on one of 100 days and again up to six times: some number of them, always the same. */
const request = (customers: number): LifetimeModelRequest => {
  const column = (of: (index: number) => number) => Int32Array.from({ length: customers }, (_, index) => of(index))
  const frequency = (index: number) => (index % 3 === 0 ? 1 + (index % 6) : 0)
  const firstDay = (index: number) => index % 100
  return {
    customers: {
      cohort: column((index) => Math.floor(firstDay(index) / 50)),
      firstDay: column(firstDay),
      lastDay: column((index) => firstDay(index) + (frequency(index) === 0 ? 0 : 7 + ((index * 31) % 150))),
      frequency: column(frequency),
      repeatSpendMinor: Float64Array.from({ length: customers }, (_, index) => frequency(index) * (900 + (index % 701)))
    },
    calibrationEndDay: 300,
    exponent: 2,
    horizonWeeks: 52,
    weeklyDiscountRate: 0.002,
    profile: undefined
  }
}

/** The promises of Computation, for every adapter. */
export const suite = (name: string, layer: () => Layer.Layer<Computation, PortFailure>): void => {
  layerOf(layer(), { excludeTestServices: true })(`Computation: ${name}`, (it) => {
    it.effect("gives the result, and equal results for equal inputs", () =>
      Effect.gen(function* () {
        const computation = yield* Computation
        const [first, second] = yield* Effect.all(
          [computation.run("lifetime", request(600)), computation.run("lifetime", request(600))],
          { concurrency: 2 }
        )
        assert.strictEqual(first.purchases.outcome, "fitted")
        assert.strictEqual(first.values.outcome, "valued")
        assert.deepStrictEqual(second, first)
      })
    )

    it.effect("gives what the computation refuses as a result", () =>
      Effect.gen(function* () {
        const { purchases } = yield* (yield* Computation).run("lifetime", request(3))
        assert.deepStrictEqual(purchases, { outcome: "refused", reason: "too_few_customers", found: 3, needed: 100 })
      })
    )

    it.effect("computes for others when a caller has gone", () =>
      Effect.gen(function* () {
        const computation = yield* Computation
        const gone = yield* Effect.forkChild(computation.run("lifetime", request(200_000)))
        yield* Effect.sleep("10 millis")
        yield* Fiber.interrupt(gone)
        assert.strictEqual((yield* computation.run("lifetime", request(600))).purchases.outcome, "fitted")
      })
    )
  })
}
