import { Clock, Effect } from "effect"
import { EventLake, lakeWanted } from "../../../ports/analytics/EventLake.ts"
import { EventLog } from "../../../ports/analytics/EventLog.ts"
import { ChangeNotices } from "../../../ports/platform/ChangeNotices.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"

/** The lake is asked to take what lies in the log; after this time what it has is taken. */
const waitMillisMax = 300_000
const askEvery = "250 millis"

/** Waits until the lake holds what the log holds now; answers until when, ms UTC, everything that arrived is in it: `until`, unless it stays behind. */
export const awaitLake = Effect.fn("awaitLake")(function* (workspace: WorkspaceId, until: number) {
  const lake = yield* EventLake
  const log = yield* EventLog
  const notices = yield* ChangeNotices
  const ends = yield* Effect.forEach(yield* log.partitions, (partition) =>
    Effect.map(log.end(partition), (end) => ({ partition, end }))
  )
  const isBehind = Effect.fnUntraced(function* ({ end, partition }: (typeof ends)[number]) {
    const left = yield* log.backlogBytes(partition, yield* lake.position(partition))
    const leftAtEnd = yield* log.backlogBytes(partition, end)
    return left !== undefined && leftAtEnd !== undefined && left > leftAtEnd
  })
  const begun = yield* Clock.currentTimeMillis
  for (;;) {
    const behind = yield* Effect.forEach(ends, isBehind)
    if (!behind.includes(true)) return until
    if ((yield* Clock.currentTimeMillis) - begun > waitMillisMax) break
    yield* notices.publish({ workspace, topic: lakeWanted, revision: 0 })
    yield* Effect.sleep(askEvery)
  }
  const { completeToMicros } = yield* lake.state(workspace)
  return Math.min(until, Math.floor(completeToMicros / 1000))
})
