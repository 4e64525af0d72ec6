import { assert, layer as layerOf } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { WorkspaceId } from "../WorkspaceId.ts"
import { LiveFeed, watcherLagMax } from "./LiveFeed.ts"
import type { LiveEvent } from "./LiveFeed.ts"

const event = (number: number, subject: string, receivedMillis: number, more: Partial<LiveEvent> = {}): LiveEvent => ({
  event_id: `e${number}`,
  event_type: "page_view",
  subject,
  time: receivedMillis,
  received_at: receivedMillis * 1000,
  ...more
})

/** The promises of LiveFeed, for every adapter. */
export const suite = (name: string, layer: () => Layer.Layer<LiveFeed, PortFailure>): void => {
  layerOf(layer())(`LiveFeed: ${name}`, (it) => {
    it.effect("shows a watcher its own workspace's events, from now on", () =>
      Effect.gen(function* () {
        const feed = yield* LiveFeed
        const workspace = WorkspaceId.make("watched")
        yield* feed.publish(workspace, [event(1, "a", 1)])
        const stream = yield* feed.watch(workspace)
        const watcher = yield* Effect.forkChild(Stream.runCollect(Stream.take(stream, 2)))
        yield* feed.publish(WorkspaceId.make("other"), [event(2, "x", 2)])
        yield* feed.publish(workspace, [event(3, "a", 3), event(4, "b", 4)])
        const seen = yield* Fiber.join(watcher)
        assert.deepStrictEqual(
          [...seen].map((each) => each.event_id),
          ["e3", "e4"]
        )
      }).pipe(Effect.scoped)
    )

    it.effect("says that somebody watches for as long as somebody does", () =>
      Effect.gen(function* () {
        const feed = yield* LiveFeed
        yield* Effect.asVoid(feed.watch(WorkspaceId.make("somebody")))
        assert.isTrue(yield* feed.isWatched)
      }).pipe(Effect.scoped)
    )

    it.effect("drops a watcher that lags behind, with a reason, and does not wait for it", () =>
      Effect.gen(function* () {
        const feed = yield* LiveFeed
        const workspace = WorkspaceId.make("lagging")
        const slow = yield* feed.watch(workspace)
        const many = Array.from({ length: watcherLagMax + 100 }, (_, index) => event(index, "a", index))
        yield* feed.publish(workspace, many)
        const failure = yield* Effect.flip(Stream.runDrain(slow))
        assert.strictEqual(failure.reason, "overloaded")
      }).pipe(Effect.scoped)
    )
  })
}
