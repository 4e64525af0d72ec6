import { assert, layer as layerOf } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { RateLimits } from "./RateLimits.ts"

/** The promises of RateLimits, for every adapter. */
export const suite = (name: string, layer: () => Layer.Layer<RateLimits, PortFailure>): void => {
  layerOf(layer())(`RateLimits: ${name}`, (it) => {
    const take = (key: string, nowMillis: number, cost = 1) =>
      Effect.flatMap(RateLimits, (limits) => limits.take({ key, limit: 10, windowMillis: 60_000, cost, nowMillis }))

    it.effect("allows exactly the limit in a window, however many ask at once", () =>
      Effect.gen(function* () {
        const decisions = yield* Effect.all(
          Array.from({ length: 50 }, () => take("many", 120_000)),
          { concurrency: 50 }
        )
        assert.strictEqual(decisions.filter((each) => each.allowed).length, 10)
        assert.deepStrictEqual(yield* take("many", 130_000), {
          allowed: false,
          limit: 10,
          remaining: 0,
          resetMillis: 50_000
        })
        assert.deepStrictEqual(yield* take("many", 180_000), {
          allowed: true,
          limit: 10,
          remaining: 9,
          resetMillis: 60_000
        })
      })
    )

    it.effect("begins anew when the clock was set back, instead of refusing until it has caught up", () =>
      Effect.gen(function* () {
        assert.isTrue((yield* take("back", 7_200_000, 10)).allowed)
        assert.isFalse((yield* take("back", 7_200_001)).allowed)
        assert.deepInclude(yield* take("back", 3_600_000), { allowed: true, remaining: 9 })
      })
    )

    it.effect("keeps keys apart, and takes nothing for a refused cost", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* take("a", 0, 8)).remaining, 2)
        assert.deepInclude(yield* take("a", 1, 3), { allowed: false, remaining: 2 })
        assert.deepInclude(yield* take("a", 2, 2), { allowed: true, remaining: 0 })
        assert.strictEqual((yield* take("b", 2)).remaining, 9)
      })
    )

    it.effect("tells what is left, and takes nothing, for a cost of 0", () =>
      Effect.gen(function* () {
        assert.deepInclude(yield* take("looked at", 0, 0), { allowed: true, remaining: 10 })
        yield* take("looked at", 1, 10)
        assert.deepInclude(yield* take("looked at", 2, 0), { remaining: 0, resetMillis: 59_998 })
        assert.deepInclude(yield* take("looked at", 60_000, 0), { remaining: 10 })
      })
    )
  })
}
