import { Clock, Context, Effect, Metric } from "effect"

const latency = Metric.histogram("marketing_feature_flags_evaluation_latency_seconds", {
  description: "Time of an evaluation within the process, of one flag (single) or of many (bulk)",
  boundaries: [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1]
})
const noServices: Context.Context<never> = Context.empty()

const series = {
  single: Metric.withAttributes(latency, { request: "single" }),
  bulk: Metric.withAttributes(latency, { request: "bulk" })
}
export type EvaluationSize = keyof typeof series

/** Notes an evaluation that took so long. */
export const noteLatency = (size: EvaluationSize, nanos: bigint): void =>
  series[size].updateUnsafe(Number(nanos) / 1e9, noServices)

/** Measures an evaluation that answers; one that is refused is none. */
export const measured =
  (size: EvaluationSize) =>
  <A, E, R>(evaluation: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Clock.Clock, (clock) => {
      const start = clock.monotonicTimeNanosUnsafe()
      return Effect.map(evaluation, (answer) => {
        noteLatency(size, clock.monotonicTimeNanosUnsafe() - start)
        return answer
      })
    })
