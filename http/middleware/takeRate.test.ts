import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import * as MemoryRateLimits from "../../adapters/memory/RateLimits.ts"
import { RateLimits } from "../../ports/platform/RateLimits.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import { makeTakeRate, rateLimiterFailures } from "./takeRate.ts"

/** What a shared store answers that cannot be reached: no embedded one ever does. */
const away = Layer.succeed(RateLimits, {
  take: () =>
    Effect.fail(new PortFailure({ port: "RateLimits", operation: "take", reason: "unavailable", detail: "away" }))
})
const failures = Effect.map(Metric.value(rateLimiterFailures), ({ count }) => Number(count))

describe("takeRate", () => {
  it.effect("lets requests pass while the limiter's store is away, and counts them", () =>
    Effect.gen(function* () {
      const take = yield* makeTakeRate
      const before = yield* failures
      assert.isUndefined(yield* take("key", 1, 0))
      assert.isUndefined(yield* take("key", 1, 0))
      assert.strictEqual((yield* failures) - before, 2)
    }).pipe(Effect.provide(away))
  )

  it.effect("only looks for a cost of 0", () =>
    Effect.gen(function* () {
      const take = yield* makeTakeRate
      assert.strictEqual((yield* take("key", 2, 0, 0))?.remaining, 2)
      assert.strictEqual((yield* take("key", 2, 0))?.remaining, 1)
      assert.strictEqual((yield* take("key", 2, 0, 0))?.remaining, 1)
    }).pipe(Effect.provide(MemoryRateLimits.layer))
  )
})
