import { Cause, Effect, Metric } from "effect"

const jobRounds = Metric.counter("marketing_job_rounds_total", {
  description: "Rounds of background jobs, by job and outcome",
  incremental: true
})

/** What a module does from time to time. */
export interface Job<E, R> {
  /** Pause between the end of a round and the start of the next. */
  readonly everyMillis: number
  /** Takes up what was left, whatever ended the round before. In the first one nothing of this process is under way yet. */
  readonly round: (isFirst: boolean) => Effect.Effect<unknown, E, R>
}

/** For ever: a round at once, then one after each pause. A round that fails is logged, and the next one comes in its time. */
export const runJob = Effect.fnUntraced(function* <E, R>(name: string, { everyMillis, round }: Job<E, R>) {
  const counted = (outcome: string) => Metric.update(Metric.withAttributes(jobRounds, { job: name, outcome }), 1)
  const tried = (isFirst: boolean) =>
    Effect.suspend(() => round(isFirst)).pipe(
      Effect.withSpan(`job ${name}`, { root: true }),
      Effect.andThen(counted("done")),
      Effect.catchCauseIf(
        (cause) => !Cause.hasInterruptsOnly(cause),
        (cause) =>
          Effect.andThen(
            counted("failed"),
            Effect.logWarning(`a round of job ${name} failed and is tried again`, cause)
          )
      )
    )
  yield* tried(true)
  return yield* Effect.forever(Effect.andThen(Effect.sleep(everyMillis), tried(false)))
})
