import { Context } from "effect"
import type { RateClass } from "../contract/EndpointRules.ts"

/** Requests a minute and principal, by the product's table. */
export const rateLimitsInitial: Readonly<Record<RateClass, number>> = {
  ingest: 1000,
  batch: 100,
  evaluate: 10_000,
  default: 100
}

/** Limits of requests, which the operator may change. */
export class RequestLimits extends Context.Service<
  RequestLimits,
  {
    readonly perMinute: Readonly<Record<RateClass, number>>
    /** Proxies before the service whose `X-Forwarded-For` entries are true; 0: the peer is the client. */
    readonly trustedHops: number
  }
>()("http/middleware/RequestLimits") {}

export const eventBodyBytesMax = 64 * 1024
export const batchBodyBytesMax = 8 * 1024 * 1024
export const jsonBodyBytesMax = 1024 * 1024
export const headerBytesMax = 16 * 1024
export const headersTimeoutMillis = 10_000
export const requestTimeoutMillis = 30_000
