import { Clock, Effect, Metric } from "effect"

export const queryLatency = Metric.histogram("marketing_analytics_query_latency_seconds", {
  description: "Time that questions take",
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
})
export const queryErrors = Metric.counter("marketing_analytics_query_errors_total", {
  description: "Questions that were not answered",
  incremental: true
})

/** Counts a question's time, and its failure. */
export const measured = <A, E, R>(question: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const answer = yield* Effect.tapError(question, () => Metric.update(queryErrors, 1))
    yield* Metric.update(queryLatency, ((yield* Clock.currentTimeMillis) - start) / 1000)
    return answer
  })
