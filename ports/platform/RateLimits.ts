import type { Effect } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"

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
 * however many processes ask. A failure leaves it to the caller (requests pass: fail open, counted in the metrics).
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
