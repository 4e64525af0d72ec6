import { Cause, Clock, Effect, Layer, Queue, Stream } from "effect"
import { LiveFeed, watcherLagMax } from "../../ports/analytics/LiveFeed.ts"
import type { ActiveUsers, LiveEvent } from "../../ports/analytics/LiveFeed.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { ActivePeople } from "./ActivePeople.ts"

/** Streams that one workspace may hold open on this process. */
export const watchersMax = 1000

interface Room {
  readonly people: ActivePeople
  readonly watchers: Set<Queue.Queue<LiveEvent, PortFailure>>
}

const overloaded = (detail: string) =>
  new PortFailure({ port: "LiveFeed", operation: "watch", reason: "overloaded", detail })

const tell = (room: Room, event: LiveEvent): void => {
  for (const watcher of room.watchers) {
    if (Queue.offerUnsafe(watcher, event)) continue
    room.watchers.delete(watcher)
    Queue.failCauseUnsafe(watcher, Cause.fail(overloaded(`the reader is more than ${watcherLagMax} events behind`)))
  }
}

const nobody = new ActivePeople()

/** The last half hour of this one process. */
export const layer: Layer.Layer<LiveFeed> = Layer.sync(LiveFeed, () => {
  const rooms = new Map<string, Room>()
  let forgottenAt = 0

  const roomOf = (workspace: WorkspaceId): Room => {
    const known = rooms.get(workspace)
    if (known !== undefined) return known
    const fresh: Room = { people: new ActivePeople(), watchers: new Set() }
    rooms.set(workspace, fresh)
    return fresh
  }

  /** Once a minute of the events' own time, so that a workspace that fell silent gives its room back. */
  const forget = (nowMillis: number): void => {
    if (nowMillis - forgottenAt < 60_000) return
    forgottenAt = nowMillis
    for (const [workspace, { people, watchers }] of rooms) {
      people.forget(nowMillis)
      if (people.size === 0 && watchers.size === 0) rooms.delete(workspace)
    }
  }

  const open = (workspace: WorkspaceId) =>
    Effect.gen(function* () {
      const { watchers } = roomOf(workspace)
      if (watchers.size >= watchersMax) return yield* overloaded(`${watchersMax} streams of this workspace are open`)
      const queue = yield* Queue.dropping<LiveEvent, PortFailure>(watcherLagMax)
      watchers.add(queue)
      return { queue, watchers }
    })

  return LiveFeed.of({
    publish: (workspace, events) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        forget(now)
        const room = roomOf(workspace)
        for (const event of events) {
          room.people.see(event, now)
          tell(room, event)
        }
      }),
    watch: (workspace) =>
      Effect.acquireRelease(open(workspace), ({ queue, watchers }) => {
        watchers.delete(queue)
        return Queue.shutdown(queue)
      }).pipe(Effect.map(({ queue }) => Stream.fromQueue(queue))),
    activeUsers: (workspace, windowMinutes) =>
      Effect.map(Clock.currentTimeMillis, (now): ActiveUsers => {
        const people = rooms.get(workspace)?.people ?? nobody
        return { window_minutes: windowMinutes, ...people.count(now - windowMinutes * 60_000) }
      })
  })
})
