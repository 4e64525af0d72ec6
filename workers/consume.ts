import { Effect, Metric, Schedule } from "effect"
import { EventLog } from "../ports/analytics/EventLog.ts"
import type { LogBatch } from "../ports/analytics/EventLog.ts"
import type { PortFailure } from "../ports/PortFailure.ts"

const waitMillis = 1000
export const consumedLines = Metric.counter("marketing_consumed_lines_total", {
  description: "Lines of the event log that a consumer has passed",
  incremental: true
})

const pauseAfterFailure = "500 millis"

export interface Consumer {
  readonly name: string
  readonly linesMax: number
  /** Where to resume: the consumer's own checkpoint, or the place that its store has reached. */
  readonly position: (partition: string) => Effect.Effect<string | undefined, PortFailure>
  /** Takes the lines and remembers the place behind them. May be given lines again. */
  readonly take: (batch: LogBatch) => Effect.Effect<void, PortFailure>
}

/** Reads the log from where the consumer is, for ever. A failure is tried again, from the place that was reached. */
export const consume = (consumer: Consumer): Effect.Effect<never, PortFailure, EventLog> =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const partitions = yield* log.partitions
    const follow = (partition: string) =>
      Effect.gen(function* () {
        let from = yield* consumer.position(partition)
        for (;;) {
          const batch = yield* log.read({ partition, from, linesMax: consumer.linesMax, waitMillis })
          if (batch.lines.length > 0) {
            yield* consumer.take(batch)
            yield* Metric.update(Metric.withAttributes(consumedLines, { consumer: consumer.name }), batch.lines.length)
          }
          from = batch.through
        }
      }).pipe(
        Effect.tapError((failure) => Effect.logWarning(`${consumer.name}: ${failure.message}`)),
        Effect.retry(Schedule.spaced(pauseAfterFailure))
      )
    yield* Effect.forEach(partitions, follow, { concurrency: "unbounded", discard: true })
    return yield* Effect.never
  })
