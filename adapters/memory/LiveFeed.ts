import { Cause, Effect, Layer, Queue, Stream } from "effect"
import { LiveFeed, watcherLagMax } from "../../ports/analytics/LiveFeed.ts"
import type { LiveEvent } from "../../ports/analytics/LiveFeed.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"

/** Streams that one workspace may hold open on this process. */
export const watchersMax = 1000

type Watchers = Set<Queue.Queue<LiveEvent, PortFailure>>

const overloaded = (detail: string) =>
  new PortFailure({ port: "LiveFeed", operation: "watch", reason: "overloaded", detail })

const tell = (watchers: Watchers, event: LiveEvent): void => {
  for (const watcher of watchers) {
    if (Queue.offerUnsafe(watcher, event)) continue
    watchers.delete(watcher)
    Queue.failCauseUnsafe(watcher, Cause.fail(overloaded(`the reader is more than ${watcherLagMax} events behind`)))
  }
}

/** Watchers of this one process. */
export const layer: Layer.Layer<LiveFeed> = Layer.sync(LiveFeed, () => {
  const rooms = new Map<WorkspaceId, Watchers>()

  const open = (workspace: WorkspaceId) =>
    Effect.gen(function* () {
      const watchers: Watchers = rooms.get(workspace) ?? new Set()
      if (watchers.size >= watchersMax) return yield* overloaded(`${watchersMax} streams of this workspace are open`)
      const queue = yield* Queue.dropping<LiveEvent, PortFailure>(watcherLagMax)
      watchers.add(queue)
      rooms.set(workspace, watchers)
      return { queue, watchers }
    })

  return LiveFeed.of({
    publish: (workspace, events) =>
      Effect.sync(() => {
        const watchers = rooms.get(workspace)
        if (watchers !== undefined) for (const event of events) tell(watchers, event)
      }),
    isWatched: Effect.sync(() => rooms.size > 0),
    watch: (workspace) =>
      Effect.acquireRelease(open(workspace), ({ queue, watchers }) => {
        watchers.delete(queue)
        if (watchers.size === 0 && rooms.get(workspace) === watchers) rooms.delete(workspace)
        return Queue.shutdown(queue)
      }).pipe(Effect.map(({ queue }) => Stream.fromQueue(queue)))
  })
})
