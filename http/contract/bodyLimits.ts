import type { RateClass } from "../../ports/platform/RateLimits.ts"

export const eventBodyBytesMax = 64 * 1024
export const batchBodyBytesMax = 8 * 1024 * 1024
export const jsonBodyBytesMax = 1024 * 1024

/** Bytes of a request's body, after `Content-Encoding` is undone, by the class of its endpoint. */
export const bodyBytesMax: Readonly<Record<RateClass, number>> = {
  ingest: eventBodyBytesMax,
  batch: batchBodyBytesMax,
  evaluate: jsonBodyBytesMax,
  default: jsonBodyBytesMax
}
