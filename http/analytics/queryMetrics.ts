import { Clock, Effect, Metric } from "effect"
import { askAt } from "../../domain/analytics/workflows/askAt.ts"
import type { InvalidQuestion } from "../../ports/analytics/InvalidQuestion.ts"
import { fromZero } from "../../ports/platform/fromZero.ts"
import type { Refused } from "../../ports/platform/Refused.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"

const latency = Metric.histogram("marketing_analytics_query_latency_seconds", {
  description: "Time that answered questions took",
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
})
const reasons = ["invalid", "unavailable", "overloaded", "full", "timeout", "corrupt"] as const
const errors = Metric.counter("marketing_analytics_query_errors_total", {
  description: "Questions that were not answered, by reason",
  incremental: true
})
const errorOf = new Map(reasons.map((reason) => [reason, fromZero(Metric.withAttributes(errors, { reason }))]))

const countError = (failure: InvalidQuestion | PortFailure | Refused) =>
  Metric.update(errorOf.get(failure._tag === "PortFailure" ? failure.reason : "invalid")!, 1)

/** The question as of the watermark that the caller names, if any. */
export const askedAt = <A extends { readonly watermark: string }, E, R>(
  workspace: WorkspaceId,
  { watermark }: { readonly watermark?: string | undefined },
  question: Effect.Effect<A, E, R>
) => askAt(workspace, watermark, question, (answer) => answer.watermark)

/** Counts a question's time, or its failure. */
export const measured = <A, E extends InvalidQuestion | PortFailure | Refused, R>(
  question: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const answer = yield* Effect.tapError(question, countError)
    yield* Metric.update(latency, ((yield* Clock.currentTimeMillis) - start) / 1000)
    return answer
  })
