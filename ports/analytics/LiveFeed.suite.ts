import { assert, layer as layerOf } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import type { Layer } from "effect"
import { TestClock } from "effect/testing"
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
    it.effect("counts distinct people in the window, by page, source and country", () =>
      Effect.gen(function* () {
        const feed = yield* LiveFeed
        const workspace = WorkspaceId.make("counting")
        yield* TestClock.setTime(40 * 60_000)
        const at = (minute: number) => minute * 60_000
        yield* feed.publish(workspace, [
          event(1, "long ago", at(5)),
          event(2, "a", at(20), { path: "/", country: "DE" }),
          event(3, "a", at(38), { path: "/", source: "news" }),
          event(4, "b", at(39), { path: "/", country: "FR" }),
          event(5, "b", at(39), { path: "/pricing" })
        ])
        const five = yield* feed.activeUsers(workspace, 5)
        assert.deepStrictEqual(five, {
          people: 2,
          window_minutes: 5,
          by_page: [
            { value: "/", people: 2 },
            { value: "/pricing", people: 1 }
          ],
          by_source: [{ value: "news", people: 1 }],
          by_country: [{ value: "FR", people: 1 }]
        })
        assert.strictEqual((yield* feed.activeUsers(workspace, 30)).people, 2)
        assert.strictEqual((yield* feed.activeUsers(WorkspaceId.make("empty"), 5)).people, 0)
      })
    )

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
