import { Context } from "effect"
import { anonymousLimitInitial, rateLimitsInitial } from "../../ports/platform/RateLimits.ts"
import type { RateClass } from "../../ports/platform/RateLimits.ts"

/** Requests a minute: of a principal by class, and of a client address without a valid token. */
export type RequestsPerMinute = Readonly<Record<RateClass | "anonymous", number>>
export const requestsPerMinuteInitial: RequestsPerMinute = { ...rateLimitsInitial, anonymous: anonymousLimitInitial }

/** Limits of requests, which the operator may change. */
export class RequestLimits extends Context.Service<
  RequestLimits,
  {
    readonly perMinute: RequestsPerMinute
    /** Proxies before the service whose `X-Forwarded-For` entries are true; 0: the peer is the client. */
    readonly trustedHops: number
  }
>()("http/middleware/RequestLimits") {}

export const headerBytesMax = 16 * 1024
export const headersTimeoutMillis = 10_000
export const requestTimeoutMillis = 30_000
