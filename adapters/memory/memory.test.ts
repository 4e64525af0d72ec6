import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Cache as CachePort } from "../../ports/platform/Cache.ts"
import { RateLimits as RateLimitsPort } from "../../ports/platform/RateLimits.ts"
import { LiveFeed as LiveFeedPort } from "../../ports/analytics/LiveFeed.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import * as liveFeed from "../../ports/analytics/LiveFeed.suite.ts"
import * as cache from "../../ports/platform/Cache.suite.ts"
import * as changeNotices from "../../ports/platform/ChangeNotices.suite.ts"
import * as rateLimits from "../../ports/platform/RateLimits.suite.ts"
import * as Cache from "./Cache.ts"
import * as ChangeNotices from "./ChangeNotices.ts"
import * as LiveFeed from "./LiveFeed.ts"
import * as RateLimits from "./RateLimits.ts"

liveFeed.suite("memory", () => LiveFeed.layer)
cache.suite("memory", () => Cache.layer)
changeNotices.suite("memory", () => ChangeNotices.layer)
rateLimits.suite("memory", () => RateLimits.layer)

describe("memory", () => {
  it.effect("knows that nobody watches before the first and after the last watcher", () =>
    Effect.gen(function* () {
      const feed = yield* LiveFeedPort
      assert.isFalse(yield* feed.isWatched)
      yield* Effect.scoped(Effect.asVoid(feed.watch(WorkspaceId.make("somebody"))))
      assert.isFalse(yield* feed.isWatched)
    }).pipe(Effect.provide(LiveFeed.layer))
  )
})

describe("memory limits", () => {
  it.effect("keeps a window that is in use through a flood of other keys", () =>
    Effect.gen(function* () {
      const limits = yield* RateLimitsPort
      const take = (key: string) => limits.take({ key, limit: 1000, windowMillis: 60_000, cost: 1, nowMillis: 0 })
      for (let flood = 0; flood < 3 * RateLimits.windowsMax; flood += 1) {
        yield* take(`flood-${flood}`)
        if (flood % 10_000 === 0) yield* take("busy")
      }
      assert.strictEqual((yield* take("busy")).remaining, 1000 - 31)
      assert.strictEqual((yield* take("flood-0")).remaining, 999)
    }).pipe(Effect.provide(RateLimits.layer))
  )

  it.effect("forgets values that nobody asked for when the cache is full", () =>
    Effect.gen(function* () {
      const cache = yield* CachePort
      const large = "x".repeat(1_000_000)
      yield* cache.set("first", large, 1000)
      yield* cache.set("used", "1", 1000)
      for (let each = 0; each < 80; each += 1) {
        yield* cache.set(`next-${each}`, large, 1000)
        assert.strictEqual(yield* cache.get("used"), "1")
      }
      assert.isUndefined(yield* cache.get("first"))
    }).pipe(Effect.provide(Cache.layer))
  )
})
