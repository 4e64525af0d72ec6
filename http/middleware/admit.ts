import { Clock, Context, Effect, Metric } from "effect"
import type { HttpServerRequest, HttpServerResponse } from "effect/http"
import { RateLimits } from "../../ports/platform/RateLimits.ts"
import type { RateDecision } from "../../ports/platform/RateLimits.ts"
import { RevokedKeys } from "../../ports/platform/RevokedKeys.ts"
import { TokenKey } from "../../ports/platform/TokenKey.ts"
import { cutAddress } from "../../domain/analytics/ingestion/addresses.ts"
import { holdsScope, readToken } from "../../domain/platform/tokens.ts"
import type { Principal, TokenRefusal } from "../../domain/platform/tokens.ts"
import type { Rules } from "../contract/EndpointRules.ts"
import { problem } from "./problem.ts"
import { requestIdOf } from "./requestId.ts"
import { ServerStop } from "../ServerStop.ts"
import { RequestLimits } from "./RequestLimits.ts"

export interface Admitted {
  readonly principal: Principal
  /** Whole address of the client; never written. */
  readonly ip: string | undefined
  readonly from: string | undefined
  readonly requestId: string
  readonly headers: Readonly<Record<string, string>>
}

type Refusal = HttpServerResponse.HttpServerResponse

/** Tokens proven before, so that a busy key costs one signature. */
export const provenTokensMax = 10_000
const windowMillis = 60_000

const refusals: Readonly<Record<TokenRefusal | "missing" | "revoked", string>> = {
  missing: "send a token: Authorization: Bearer …",
  malformed: "the token is no JSON Web Token",
  wrong_algorithm: "the token's algorithm is not allowed",
  wrong_signature: "the token's signature is not valid",
  wrong_issuer: "the token comes from another issuer",
  wrong_audience: "the token is for another audience",
  expired: "the token has expired",
  not_yet_valid: "the token is not valid yet",
  wrong_claims: "the token's claims are not valid",
  revoked: "the token was revoked"
}

export const rateLimiterFailures = Metric.counter("marketing_rate_limiter_failures_total", {
  description: "Requests that passed uncounted because the limiter's store was away",
  incremental: true
})

/** One function for every endpoint, hot or not: token, origin, scope, rate limit, in this order. */
export const makeAdmit = Effect.gen(function* () {
  const { secret } = yield* TokenKey
  const revoked = yield* RevokedKeys
  const limiter = yield* RateLimits
  const limits = yield* RequestLimits
  const stop = yield* ServerStop
  const clock = yield* Clock.Clock
  const proven = new Map<string, Principal>()

  const prove = (token: string | undefined, now: number): Principal | keyof typeof refusals => {
    if (token === undefined) return "missing"
    const known = proven.get(token)
    const principal = known !== undefined && known.expiresAt > now ? known : readToken(secret, token, now)
    if (typeof principal === "string") return principal
    if (revoked.isRevoked(principal.workspace, principal.keyId)) return "revoked"
    if (known === undefined) {
      if (proven.size >= provenTokensMax) proven.delete(proven.keys().next().value!)
      proven.set(token, principal)
    }
    return principal
  }

  return (
    request: HttpServerRequest.HttpServerRequest,
    rules: Rules,
    token = tokenOf(request)
  ): Effect.Effect<Admitted | Refusal> => {
    const now = clock.currentTimeMillisUnsafe()
    const instance = request.url.split("?", 1)[0]!
    const requestId = requestIdOf(request)
    // A stopping server answers what it is sent and asks clients to go elsewhere with the next request.
    const headers = { "x-request-id": requestId, ...(stop.isStopping() ? { connection: "close" } : {}) }
    const refuse = (kind: "unauthenticated" | "forbidden", detail: string, more: Record<string, string> = {}) =>
      Effect.succeed(problem(kind, { detail, instance, requestId, headers: { ...headers, ...more } }))

    const principal = prove(token, now)
    if (typeof principal === "string") {
      return refuse("unauthenticated", refusals[principal], { "www-authenticate": "Bearer" })
    }
    const origin = request.headers["origin"]
    if (principal.kind === "browser" && !(origin !== undefined && principal.origins.includes(origin))) {
      return refuse("forbidden", "the key does not work on this origin")
    }
    if (rules.scope !== undefined && !holdsScope(principal, rules.scope)) {
      return refuse("forbidden", `the token lacks the scope ${rules.scope}`)
    }
    const ip = clientAddress(request, limits.trustedHops)
    const limit = limits.perMinute[rules.rate_class]
    const who = principal.kind === "browser" ? `${principal.keyId}|${addressKey(ip)}` : principal.keyId
    const taken = limiter.take({
      key: `${principal.workspace}|${rules.rate_class}|${who}`,
      limit,
      windowMillis,
      cost: 1,
      nowMillis: now
    })
    const counted = (decision: RateDecision | undefined): Admitted | Refusal => {
      const all = decision === undefined ? headers : { ...headers, ...rateHeaders(decision, rules.rate_class) }
      if (decision === undefined || decision.allowed) {
        return { principal, ip, from: ip === undefined ? undefined : cutAddress(ip), requestId, headers: all }
      }
      const retry = String(Math.max(1, Math.ceil(decision.resetMillis / 1000)))
      return problem("rate-limited", {
        detail: `${limit} requests a minute are allowed here`,
        instance,
        requestId,
        headers: { ...all, "retry-after": retry }
      })
    }
    return Effect.match(taken, {
      onSuccess: counted,
      onFailure: () => {
        rateLimiterFailures.updateUnsafe(1, Context.empty())
        return counted(undefined)
      }
    })
  }
})

export type Admit = Effect.Success<typeof makeAdmit>

const tokenOf = (request: HttpServerRequest.HttpServerRequest): string | undefined => {
  const header = request.headers["authorization"]
  if (header !== undefined) return /^bearer +(\S+)$/i.exec(header)?.[1] ?? ""
  const query = request.url.indexOf("?")
  return query === -1 ? undefined : (new URLSearchParams(request.url.slice(query)).get("key") ?? undefined)
}

/** Draft "RateLimit header fields for HTTP" 08. */
const rateHeaders = (decision: RateDecision, name: string): Record<string, string> => ({
  "ratelimit-policy": `"${name}";q=${decision.limit};w=${windowMillis / 1000}`,
  ratelimit: `"${name}";r=${decision.remaining};t=${Math.max(0, Math.ceil(decision.resetMillis / 1000))}`
})

const clientAddress = (request: HttpServerRequest.HttpServerRequest, trustedHops: number): string | undefined => {
  if (trustedHops > 0) {
    const hops = (request.headers["x-forwarded-for"] ?? "").split(",").map((hop) => hop.trim())
    return hops.at(-trustedHops) || undefined
  }
  const peer = request.remoteAddress
  return peer._tag === "Some" ? peer.value.replace(/^::ffff:/, "") : undefined
}

/** IPv6 clients own a /64. */
const addressKey = (ip: string | undefined): string =>
  ip === undefined ? "" : ip.includes(":") ? ip.split(":").slice(0, 4).join(":") : ip
