import { Clock, Effect, Layer, Semaphore } from "effect"
import { DroppedEvents, droppedDaysMax } from "../../ports/analytics/DroppedEvents.ts"
import type { DroppedCount } from "../../ports/analytics/DroppedEvents.ts"
import type { DropReason } from "../../ports/analytics/IngestReceipt.ts"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { Collection } from "../../ports/documents/DocumentStore.ts"
import { SettingsSource } from "../../ports/platform/Settings.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { dayAt, formatDay } from "../zones/zones.ts"

export const collection: Collection = {
  name: "dropped_events",
  unique: [],
  indexes: [{ name: "by_day", equals: [], sort: "day", direction: "descending" }]
}

/** From one writing to the next: what a killed process loses. */
const writeMillis = 100
/** Behind one that failed. */
const retryMillis = 2000
const dayMillis = 86_400_000
const pageItems = 100

interface DayCounts {
  readonly day: string
  readonly reasons: Readonly<Partial<Record<DropReason, number>>>
}

type Counts = Map<DropReason, number>

/** Counts in memory, added to a document for each day. */
export const layer: Layer.Layer<DroppedEvents, never, DocumentStore | SettingsSource> = Layer.effect(
  DroppedEvents,
  Effect.gen(function* () {
    const documents = yield* DocumentStore
    const settings = yield* SettingsSource
    const writing = yield* Semaphore.make(1)
    const waiting = new Map<WorkspaceId, Counts>()

    const add = (workspace: WorkspaceId, reason: DropReason, events: number) => {
      const counts: Counts = waiting.get(workspace) ?? new Map()
      waiting.set(workspace, counts.set(reason, (counts.get(reason) ?? 0) + events))
    }

    const write = (workspace: WorkspaceId, counts: Counts) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const day = formatDay(dayAt(settings.current(workspace).time_zone, now))
        const found = yield* documents.get(workspace, collection.name, day)
        const before = (found?.data as DayCounts | undefined)?.reasons ?? {}
        const added = [...counts].map(([reason, events]) => [reason, (before[reason] ?? 0) + events])
        const data: DayCounts = { day, reasons: { ...before, ...Object.fromEntries(added) } }
        yield* documents.commit(workspace, {
          writes: [
            {
              kind: "put",
              collection: collection.name,
              id: day,
              expected: found?.revision ?? 0,
              schema_version: 1,
              subjects: [],
              expires_at: now + droppedDaysMax * dayMillis,
              data
            }
          ]
        })
      }).pipe(
        // Another process added to the day in between: add to what it left.
        Effect.retry({ times: 5, while: (failure) => failure._tag === "StaleRevision" })
      )

    const writeAll = writing.withPermits(1)(
      Effect.suspend(() => {
        const all = [...waiting]
        waiting.clear()
        return Effect.forEach(
          all,
          ([workspace, counts]) =>
            Effect.catch(write(workspace, counts), (failure) => {
              for (const [reason, events] of counts) add(workspace, reason, events)
              return Effect.logWarning(`dropped events are not counted yet: ${failure.message}`)
            }),
          { discard: true }
        )
      })
    )
    yield* Effect.addFinalizer(() => writeAll)
    const writeSoon = Effect.flatMap(writeAll, () => Effect.sleep(waiting.size === 0 ? writeMillis : retryMillis))
    yield* Effect.forkScoped(Effect.forever(writeSoon))

    const list = Effect.fnUntraced(function* (
      workspace: WorkspaceId,
      from: string,
      to: string
    ): Effect.fn.Return<ReadonlyArray<DroppedCount>, PortFailure> {
      yield* writeAll
      const counts: Array<DroppedCount> = []
      let cursor: string | undefined
      do {
        const page = yield* documents
          .list({ workspace, collection: collection.name, index: "by_day", equals: [], limit: pageItems, cursor })
          .pipe(Effect.catchTag("InvalidCursor", (failure) => Effect.die(failure)))
        const days = page.items.map((item) => item.data as DayCounts)
        for (const each of days) if (each.day >= from && each.day <= to) counts.push(...countsOf(each))
        cursor = (days.at(-1)?.day ?? "") < from ? undefined : page.next
      } while (cursor !== undefined)
      return counts
    })

    return DroppedEvents.of({ count: (workspace, reason) => add(workspace, reason, 1), list })
  })
)

const countsOf = ({ day, reasons }: DayCounts): ReadonlyArray<DroppedCount> =>
  Object.entries(reasons)
    .map(([reason, events]) => ({ day, reason: reason as DropReason, events }))
    .toSorted((a, b) => b.events - a.events || (a.reason < b.reason ? -1 : 1))
