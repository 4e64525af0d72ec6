import { Cause, Clock, Effect, Layer, Queue, Stream } from "effect"
import { LiveFeed, watcherLagMax } from "../../ports/analytics/LiveFeed.ts"
import type { ActiveUsers, LiveEvent } from "../../ports/analytics/LiveFeed.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"

/** Events remembered per workspace for the count of active people; the oldest go first. */
export const rememberedEventsMax = 200_000
const windowMinutesMax = 30
const topMax = 25

interface Room {
  readonly events: Array<LiveEvent>
  /** Index of the first event that is still remembered: the array is cut only now and then. */
  first: number
  readonly watchers: Set<Queue.Queue<LiveEvent, PortFailure>>
}

const lagging = new PortFailure({
  port: "LiveFeed",
  operation: "watch",
  reason: "overloaded",
  detail: `the reader is more than ${watcherLagMax} events behind`
})

const remember = (room: Room, event: LiveEvent): void => {
  room.events.push(event)
  const oldest = event.received_at - windowMinutesMax * 60_000_000
  while (
    room.first < room.events.length - 1 &&
    (room.events[room.first]!.received_at < oldest || room.events.length - room.first > rememberedEventsMax)
  ) {
    room.first += 1
  }
  if (room.first > 10_000 && room.first * 2 > room.events.length) {
    room.events.splice(0, room.first)
    room.first = 0
  }
}

const tell = (room: Room, event: LiveEvent): void => {
  for (const watcher of room.watchers) {
    if (Queue.offerUnsafe(watcher, event)) continue
    room.watchers.delete(watcher)
    Queue.failCauseUnsafe(watcher, Cause.fail(lagging))
  }
}

const top = (people: ReadonlyMap<string, Set<string>>) =>
  [...people]
    .map(([value, subjects]) => ({ value, people: subjects.size }))
    .toSorted((a, b) => b.people - a.people || (a.value < b.value ? -1 : 1))
    .slice(0, topMax)

const count = (room: Room | undefined, since: number, windowMinutes: number): ActiveUsers => {
  const people = new Set<string>()
  const pages = new Map<string, Set<string>>()
  const sources = new Map<string, Set<string>>()
  const countries = new Map<string, Set<string>>()
  const add = (groups: Map<string, Set<string>>, value: string | undefined, subject: string) => {
    if (value === undefined) return
    const group = groups.get(value)
    if (group === undefined) groups.set(value, new Set([subject]))
    else group.add(subject)
  }
  for (let at = (room?.events.length ?? 0) - 1; at >= (room?.first ?? 0); at -= 1) {
    const event = room!.events[at]!
    if (event.received_at < since) continue
    people.add(event.subject)
    add(pages, event.path, event.subject)
    add(sources, event.source, event.subject)
    add(countries, event.country, event.subject)
  }
  return {
    people: people.size,
    window_minutes: windowMinutes,
    by_page: top(pages),
    by_source: top(sources),
    by_country: top(countries)
  }
}

/** The last half hour of this one process. */
export const layer: Layer.Layer<LiveFeed> = Layer.sync(LiveFeed, () => {
  const rooms = new Map<string, Room>()
  const roomOf = (workspace: WorkspaceId): Room => {
    const known = rooms.get(workspace)
    if (known !== undefined) return known
    const fresh: Room = { events: [], first: 0, watchers: new Set() }
    rooms.set(workspace, fresh)
    return fresh
  }

  return LiveFeed.of({
    publish: (workspace, events) =>
      Effect.sync(() => {
        const room = roomOf(workspace)
        for (const event of events) {
          remember(room, event)
          tell(room, event)
        }
      }),
    watch: (workspace) =>
      Effect.acquireRelease(
        Effect.map(Queue.dropping<LiveEvent, PortFailure>(watcherLagMax), (queue) => {
          roomOf(workspace).watchers.add(queue)
          return queue
        }),
        (queue) =>
          Effect.andThen(
            Effect.sync(() => roomOf(workspace).watchers.delete(queue)),
            Queue.shutdown(queue)
          )
      ).pipe(Effect.map((queue) => Stream.fromQueue(queue))),
    activeUsers: (workspace, windowMinutes) =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        count(rooms.get(workspace), (now - windowMinutes * 60_000) * 1000, windowMinutes)
      )
  })
})
