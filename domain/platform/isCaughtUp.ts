import { Effect } from "effect"
import { EventLog } from "../../ports/analytics/EventLog.ts"
import { EventStore } from "../../ports/analytics/EventStore.ts"

const triesMax = 20
const tryEvery = "500 millis"

/** Whether all that was in the log a moment ago is counted: else what is still to come would look like a fall. */
export const isCaughtUp = Effect.gen(function* () {
  const log = yield* EventLog
  const store = yield* EventStore
  for (const partition of yield* log.partitions) {
    const end = yield* log.end(partition)
    const isBehind = Effect.gen(function* () {
      const position = yield* store.position(partition)
      if (position === end) return false
      const [left, leftAtEnd] = [yield* log.backlogBytes(partition, position), yield* log.backlogBytes(partition, end)]
      return left !== undefined && leftAtEnd !== undefined && left > leftAtEnd
    })
    for (let tried = 0; yield* isBehind; tried += 1) {
      if (tried === triesMax) return false
      yield* Effect.sleep(tryEvery)
    }
  }
  return true
})
