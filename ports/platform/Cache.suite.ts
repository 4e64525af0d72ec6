import { assert, layer as layerOf } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "effect"
import { TestClock } from "effect/testing"
import type { PortFailure } from "../PortFailure.ts"
import { Cache, cacheValueBytesMax } from "./Cache.ts"

/** The promises of Cache, for every adapter. */
export const suite = (name: string, layer: () => Layer.Layer<Cache, PortFailure>): void => {
  layerOf(layer())(`Cache: ${name}`, (it) => {
    it.effect("answers what was set last, until its time is over or it is removed", () =>
      Effect.gen(function* () {
        const cache = yield* Cache
        yield* cache.set("k", "1", 10_000)
        yield* cache.set("k", "2", 1000)
        yield* cache.set("l", "3", 10_000)
        assert.strictEqual(yield* cache.get("k"), "2")
        yield* TestClock.adjust("1 second")
        assert.isUndefined(yield* cache.get("k"))
        assert.strictEqual(yield* cache.get("l"), "3")
        yield* cache.remove("l")
        assert.isUndefined(yield* cache.get("l"))
      })
    )

    it.effect("never answers a value over the limit", () =>
      Effect.gen(function* () {
        const cache = yield* Cache
        yield* cache.set("big", "x".repeat(cacheValueBytesMax + 1), 1000)
        assert.isUndefined(yield* cache.get("big"))
      })
    )
  })
}
