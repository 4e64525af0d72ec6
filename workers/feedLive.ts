import { Clock, Effect, Schema } from "effect"
import { EventStore, isReservedId } from "../ports/analytics/EventStore.ts"
import { EventLog } from "../ports/analytics/EventLog.ts"
import { LiveFeed } from "../ports/analytics/LiveFeed.ts"
import type { LiveEvent } from "../ports/analytics/LiveFeed.ts"
import type { StoredEvent } from "../ports/analytics/StoredEvent.ts"
import { SubjectKeys } from "../ports/privacy/SubjectKeys.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"
import { consume } from "./consume.ts"
import { withoutErased } from "./withoutErased.ts"

/** What is older is not live any more: after a pause the feed goes on with the present. */
const liveMillisMax = 30 * 60_000

/** In between watchers get their turn, so that a batch alone makes none of them lag. */
const publishedAtOnceMax = 500

const isWorkspace = Schema.is(WorkspaceId)

/** `undefined` for a line that is no event: the index makes it a dead letter. */
const parse = (line: string): StoredEvent | undefined => {
  try {
    const event = JSON.parse(line) as StoredEvent | null
    return isWorkspace(event?.workspace) && Number.isFinite(event?.received_at) ? (event ?? undefined) : undefined
  } catch {
    return undefined
  }
}

const liveEvent = (event: StoredEvent): LiveEvent => ({
  event_id: event.event_id,
  event_type: event.event_type,
  subject: event.user_id === undefined || isReservedId(event.user_id) ? event.anonymous_id : event.user_id,
  time: event.time,
  received_at: event.received_at,
  ...(event.page === undefined ? {} : { path: event.page.path }),
  ...(event.campaign?.source === undefined ? {} : { source: event.campaign.source }),
  ...(event.geo?.country === undefined ? {} : { country: event.geo.country })
})

/** Shows what happens now to the live feed. Keeps no checkpoint: it begins at the end of the log. */
export const feedLive = Effect.gen(function* () {
  const log = yield* EventLog
  const feed = yield* LiveFeed
  const store = yield* EventStore
  const { tombstones } = yield* SubjectKeys
  return yield* consume({
    name: "live",
    linesMax: 2000,
    gatherMillis: 100,
    isIdle: Effect.map(feed.isWatched, (isWatched) => !isWatched),
    position: log.end,
    take: Effect.fnUntraced(function* ({ lines }) {
      const now = yield* Clock.currentTimeMillis
      const byWorkspace = new Map<string, Array<LiveEvent>>()
      for (const line of yield* withoutErased(tombstones, lines)) {
        const event = parse(line)
        if (event === undefined || event.historical === true || event.received_at / 1000 < now - liveMillisMax) continue
        const events = byWorkspace.get(event.workspace)
        if (events === undefined) byWorkspace.set(event.workspace, [liveEvent(event)])
        else events.push(liveEvent(event))
      }
      for (const [workspace, all] of byWorkspace) {
        const subjects = new Set(all.map(({ subject }) => subject))
        const restricted = yield* store.restrictedAmong(WorkspaceId.make(workspace), [...subjects])
        const events = all.filter(({ subject }) => !restricted.has(subject))
        for (let at = 0; at < events.length; at += publishedAtOnceMax) {
          yield* feed.publish(WorkspaceId.make(workspace), events.slice(at, at + publishedAtOnceMax))
          yield* Effect.yieldNow
        }
      }
    })
  })
})
