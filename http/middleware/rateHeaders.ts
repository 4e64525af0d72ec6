import type { RateDecision } from "../../ports/platform/RateLimits.ts"

export const windowMillis = 60_000

/** Draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers-08): policy and what is left of it. */
export const rateHeaders = (decision: RateDecision, policy: string): RateHeaders => ({
  "ratelimit-policy": `"${policy}";q=${decision.limit};w=${windowMillis / 1000}`,
  ratelimit: `"${policy}";r=${decision.remaining};t=${Math.max(0, Math.ceil(decision.resetMillis / 1000))}`
})

export type RateHeaders = Readonly<Record<"ratelimit-policy" | "ratelimit", string>>

export const retryAfter = (decision: RateDecision): string =>
  String(Math.max(1, Math.ceil(decision.resetMillis / 1000)))
