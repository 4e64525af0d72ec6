import { Context, Effect, Metric } from "effect"
import { RateLimits } from "../../ports/platform/RateLimits.ts"
import type { RateDecision } from "../../ports/platform/RateLimits.ts"
import { windowMillis } from "./rateHeaders.ts"

export const rateLimiterFailures = Metric.counter("marketing_rate_limiter_failures_total", {
  description: "Requests that passed uncounted because the limiter's store was away",
  incremental: true
})

/**
 * Takes one request, or with a cost of 0 only looks. `undefined`: the limiter's store is away; the request passes, for
 * a service that answers uncounted is better than none (fail open), and the metric counts it.
 */
export const makeTakeRate = Effect.map(
  RateLimits,
  (limiter) =>
    (key: string, limit: number, nowMillis: number, cost = 1): Effect.Effect<RateDecision | undefined> =>
      Effect.catchEager(limiter.take({ key, limit, windowMillis, cost, nowMillis }), () => {
        rateLimiterFailures.updateUnsafe(1, Context.empty())
        return Effect.undefined
      })
)
