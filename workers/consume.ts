import { Cause, Clock, Effect, Exit, Metric } from "effect"
import { EventLog } from "../ports/analytics/EventLog.ts"
import type { LogBatch } from "../ports/analytics/EventLog.ts"
import { Gauges } from "../ports/platform/Gauges.ts"
import { PartStates } from "../ports/platform/PartStates.ts"
import type { PortFailure } from "../ports/PortFailure.ts"
import { withBatchSpan } from "./batchSpan.ts"
import { ConsumerState } from "./ConsumerState.ts"

const waitMillis = 1000
/** So many lines are worth the cost of a batch: the next one follows at once. */
export const fullLines = 2000
export const consumedLines = Metric.counter("marketing_consumed_lines_total", {
  description: "Lines of the event log that a consumer has passed",
  incremental: true
})
const consumerFailures = Metric.counter("marketing_consumer_failures_total", {
  description: "Attempts of a consumer that failed and were made again",
  incremental: true
})

export interface Consumer {
  readonly name: string
  readonly linesMax: number
  /** Time from one batch to the next where lines come one by one, so that they are taken together; 0: at once. */
  readonly gatherMillis: number
  /** Bytes that must lie behind a full batch for the next one to follow at once; 0 where it is absent. */
  readonly behindBytes?: number
  /** Ends where somebody waits for what lies in the log: the next batch is taken at once. */
  readonly wanted?: Effect.Effect<void>
  /** Nobody waits for it: the service is ready, and well, while it is behind. */
  readonly isBackground?: boolean
  /** Whether nobody looks at what it does: lines are then passed unread. */
  readonly isIdle?: Effect.Effect<boolean, PortFailure>
  /** Where to resume: the consumer's own checkpoint, or the place that its store has reached. */
  readonly position: (partition: string) => Effect.Effect<string | undefined, PortFailure>
  /** Takes the lines and remembers the place behind them. May be given lines again. */
  readonly take: (batch: LogBatch) => Effect.Effect<void, PortFailure>
}

/** Reads the log from where the consumer is, for ever. What fails, a bug too, is tried again from the place that was reached. */
export const consume = (consumer: Consumer): Effect.Effect<never, PortFailure, EventLog> =>
  Effect.scoped(
    Effect.gen(function* () {
      const log = yield* EventLog
      const partitions = yield* log.partitions
      const passed = Metric.withAttributes(consumedLines, { consumer: consumer.name })
      const { behindBytes = 0 } = consumer
      const follow = (partition: string, state: ConsumerState) =>
        Effect.gen(function* () {
          const clock = yield* Clock.Clock
          let from = state.startFrom(yield* consumer.position(partition))
          for (;;) {
            if (!state.caughtUp && (yield* log.backlogBytes(partition, from)) === 0) state.reachedEnd()
            if (consumer.isIdle !== undefined && (yield* consumer.isIdle)) {
              from = state.took(yield* log.end(partition))
              yield* Effect.sleep(consumer.gatherMillis)
              continue
            }
            const batch = yield* log.read({ partition, from, linesMax: consumer.linesMax, waitMillis })
            const readAt = clock.currentTimeMillisUnsafe()
            state.reading(batch.lines)
            if (batch.lines.length > 0) {
              yield* withBatchSpan(consumer.name, batch, consumer.take(batch))
              yield* Metric.update(passed, batch.lines.length)
            }
            from = state.took(batch.through)
            const isFull = batch.lines.length >= fullLines
            // Where the log cannot tell how much there is, the reader goes on.
            const isBehind = isFull && ((yield* log.backlogBytes(partition, from)) ?? behindBytes) >= behindBytes
            if (batch.lines.length > 0 && !isBehind) {
              const restMillis = readAt + consumer.gatherMillis - clock.currentTimeMillisUnsafe()
              if (restMillis > 0) yield* Effect.timeoutOption(consumer.wanted ?? Effect.never, restMillis)
            }
          }
        })
      yield* Effect.forEach(
        partitions,
        Effect.fnUntraced(function* (partition) {
          const state = yield* watched(consumer, partition)
          return yield* persistently(consumer.name, state, follow(partition, state))
        }),
        { concurrency: "unbounded", discard: true }
      )
      return yield* Effect.never
    })
  )

/** The consumer's state, as health and metrics see it. */
const watched = Effect.fnUntraced(function* ({ isBackground = false, name }: Consumer, partition: string) {
  const log = yield* EventLog
  const clock = yield* Clock.Clock
  const parts = yield* PartStates
  const gauges = yield* Gauges
  const now = () => clock.currentTimeMillisUnsafe()
  const state = new ConsumerState(now(), isBackground)
  yield* parts.watch(`consumer_${name}`, () => state.partState(now()))
  yield* gauges.observe({
    name: "marketing_consumer_lag_seconds",
    description: "Age of the oldest line of the event log that the consumer has not passed",
    labels: { consumer: name, partition },
    read: Effect.sync(() => state.lagMillis(now()) / 1000)
  })
  yield* gauges.observe({
    name: "marketing_consumer_lag_bytes",
    description: "Bytes of the event log that the consumer has not passed",
    labels: { consumer: name, partition },
    read: Effect.suspend(() => log.backlogBytes(partition, state.place))
  })
  return state
})

/** Runs it again however it ends, after a pause that grows with each failure in a row. */
const persistently = Effect.fnUntraced(function* (
  name: string,
  state: ConsumerState,
  follow: Effect.Effect<never, PortFailure>
) {
  const failures = Metric.withAttributes(consumerFailures, { consumer: name })
  for (;;) {
    const exit = yield* Effect.exit(follow)
    if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt
    const pauseMillis = state.failed(exit.cause, yield* Clock.currentTimeMillis)
    const log = Cause.hasDies(exit.cause) ? Effect.logError : Effect.logWarning
    yield* log("a consumer failed and is tried again", exit.cause, { consumer: name, pause_millis: pauseMillis })
    yield* Metric.update(failures, 1)
    yield* Effect.sleep(pauseMillis)
  }
})
