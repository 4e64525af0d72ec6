import type { Effect } from "effect"
import { Context, Schema } from "effect"
import type { PortFailure } from "../PortFailure.ts"

/** Kinds of requests that are counted apart. */
export const rateClasses = ["ingest", "batch", "evaluate", "default"] as const
export type RateClass = (typeof rateClasses)[number]

/** Requests a minute and principal, by the product's table. */
export const rateLimitsInitial: Readonly<Record<RateClass, number>> = {
  ingest: 1000,
  batch: 100,
  evaluate: 10_000,
  default: 100
}
/** Requests a minute and client address that no valid token stands for: refused ones and public ones, each. */
export const anonymousLimitInitial = 100

export const rateLimitMax = 1_000_000
const RateLimit = Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: rateLimitMax })))

/** Requests a minute of one key, where they differ from the service's. */
export const KeyLimits = Schema.Struct({
  ingest: RateLimit,
  batch: RateLimit,
  evaluate: RateLimit,
  default: RateLimit
}).annotate({ identifier: "KeyLimits" })
export type KeyLimits = typeof KeyLimits.Type

export interface RateDecision {
  readonly allowed: boolean
  readonly limit: number
  /** Whole requests left in the window. */
  readonly remaining: number
  /** Milliseconds until the whole limit is free again; when refused, until one more request is. */
  readonly resetMillis: number
}

/**
 * Counters shared by every process. A fixed window of `windowMillis` per key: exactly `limit` units are allowed in it,
 * however many processes ask. A cost of 0 takes nothing and tells what is left. A failure leaves it to the caller
 * (requests pass: fail open, counted in the metrics).
 */
export class RateLimits extends Context.Service<
  RateLimits,
  {
    readonly take: (request: {
      readonly key: string
      readonly limit: number
      readonly windowMillis: number
      readonly cost: number
      readonly nowMillis: number
    }) => Effect.Effect<RateDecision, PortFailure>
  }
>()("ports/platform/RateLimits") {}
