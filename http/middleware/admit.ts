import { Clock, Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import type { HttpServerRequest } from "effect/http"
import { TokenProofs } from "../../ports/platform/TokenProofs.ts"
import type { Principal, TokenRefusal } from "../../ports/platform/TokenProofs.ts"
import type { RateDecision } from "../../ports/platform/RateLimits.ts"
import { cutAddress } from "../../domain/analytics/ingestion/addresses.ts"
import { holdsScope } from "../../domain/platform/tokens.ts"
import type { Rules } from "../contract/EndpointRules.ts"
import type { ProblemKind } from "../contract/Problem.ts"
import { addressKey, clientAddress } from "./clientAddress.ts"
import { answerOf } from "./failures.ts"
import { instanceOf } from "./instance.ts"
import { problem } from "./problem.ts"
import { requestIdOf } from "./requestId.ts"
import { rateHeaders, retryAfter } from "./rateHeaders.ts"
import { mayStand, sentToken } from "./sentToken.ts"
import type { Sent } from "./sentToken.ts"
import { makeTakeRate } from "./takeRate.ts"
import { ServerStop } from "../ServerStop.ts"
import { RequestLimits } from "./RequestLimits.ts"

export class Admitted {
  readonly principal: Principal
  /** Whole address of the client; never written. */
  readonly ip: string | undefined
  readonly requestId: string
  readonly headers: Readonly<Record<string, string>>

  constructor(principal: Principal, { ip, requestId }: Visit, headers: Headers) {
    this.principal = principal
    this.ip = ip
    this.requestId = requestId
    this.headers = headers
  }

  /** The client's address as it may be written. */
  get from(): string | undefined {
    return this.ip === undefined ? undefined : cutAddress(this.ip)
  }
}

type Refusal = HttpServerResponse.HttpServerResponse
type Headers = Readonly<Record<string, string>>

/** What every answer to one request says of it. */
interface Visit {
  readonly request: HttpServerRequest.HttpServerRequest
  readonly now: number
  readonly ip: string | undefined
  readonly requestId: string
  readonly headers: Headers
}

const refusals: Readonly<Record<Exclude<TokenRefusal, "workspace_archived"> | "secret_in_address", string>> = {
  malformed: "the token is no JSON Web Token",
  wrong_algorithm: "the token's algorithm is not allowed",
  unknown_key: "the token's key is not one of its issuer's",
  wrong_signature: "the token's signature is not valid",
  wrong_issuer: "the token comes from another issuer",
  wrong_audience: "the token is for another audience",
  expired: "the token has expired",
  not_yet_valid: "the token is not valid yet",
  wrong_claims: "the token's claims are not valid",
  revoked: "the token was revoked",
  secret_in_address: "a secret token belongs in the Authorization header, never in an address"
}

const realm = 'Bearer realm="broxiva"'

const refuse = (visit: Visit, kind: ProblemKind, detail: string, more: Headers): Refusal =>
  problem(kind, {
    detail,
    instance: instanceOf(visit.request.url),
    requestId: visit.requestId,
    headers: { ...visit.headers, ...more }
  })

const limited = (visit: Visit, decision: RateDecision, headers: Headers): Refusal =>
  refuse(visit, "rate-limited", `${decision.limit} requests a minute are allowed here`, {
    ...headers,
    "retry-after": retryAfter(decision)
  })

/**
 * One function for every endpoint, hot or not: token, rate limit, origin, scope, in this order. A token that was proven
 * before costs no turn of the event loop. Requests without a valid token are counted per client address, so that
 * guessing is bounded: once their limit is reached no token of that address is looked at until the minute is over.
 */
export const makeAdmit = Effect.gen(function* () {
  const proofs = yield* TokenProofs
  const takeRate = yield* makeTakeRate
  const limits = yield* RequestLimits
  const stop = yield* ServerStop
  const clock = yield* Clock.Clock

  const admitPrincipal = (visit: Visit, rules: Rules, principal: Principal): Effect.Effect<Admitted | Refusal> => {
    const limit = principal.rateLimits[rules.rate_class] ?? limits.perMinute[rules.rate_class]
    const who = principal.kind === "browser" ? `${principal.keyId}|${addressKey(visit.ip)}` : principal.keyId
    const taken = takeRate(`${principal.workspace}|${rules.rate_class}|${who}`, limit, visit.now)
    return Effect.mapEager(taken, (decision) => {
      const rate = decision === undefined ? {} : rateHeaders(decision, rules.rate_class)
      if (decision !== undefined && !decision.allowed) return limited(visit, decision, rate)
      const origin = visit.request.headers["origin"]
      if (principal.kind === "browser" && !(origin !== undefined && principal.origins.includes(origin))) {
        return refuse(visit, "forbidden", "the key does not work on this origin", rate)
      }
      if (rules.scope !== undefined && !holdsScope(principal, rules.scope)) {
        const challenge = `${realm}, error="insufficient_scope", scope="${rules.scope}"`
        return refuse(visit, "forbidden", `the token lacks the scope ${rules.scope}`, {
          ...rate,
          "www-authenticate": challenge
        })
      }
      return new Admitted(principal, visit, { ...visit.headers, ...rate })
    })
  }

  /** Counts a request that no valid token stands for, and refuses it. */
  const refuseAnonymous = (visit: Visit, kind: ProblemKind, detail: string, more: Headers): Effect.Effect<Refusal> =>
    Effect.map(takeRate(`refused|${addressKey(visit.ip)}`, limits.perMinute.anonymous, visit.now), (decision) => {
      const rate = decision === undefined ? {} : rateHeaders(decision, "anonymous")
      if (decision !== undefined && !decision.allowed) return limited(visit, decision, rate)
      return refuse(visit, kind, detail, { ...rate, ...more })
    })

  const refuseToken = (visit: Visit, refusal: keyof typeof refusals) =>
    refuseAnonymous(visit, "unauthenticated", refusals[refusal], {
      "www-authenticate": `${realm}, error="invalid_token", error_description="${refusals[refusal]}"`
    })

  const admitUnproven = Effect.fnUntraced(function* (visit: Visit, rules: Rules, sent: Sent) {
    const left = yield* takeRate(`refused|${addressKey(visit.ip)}`, limits.perMinute.anonymous, visit.now, 0)
    if (left !== undefined && left.remaining === 0) return limited(visit, left, rateHeaders(left, "anonymous"))
    const from = visit.ip === undefined ? undefined : cutAddress(visit.ip)
    const proven = yield* proofs.prove(sent.token, { from, requestId: visit.requestId })
    if (proven === "workspace_archived") {
      return yield* refuseAnonymous(visit, "forbidden", "the workspace is archived", {})
    }
    if (typeof proven === "string") return yield* refuseToken(visit, proven)
    if (!mayStand(sent, proven)) return yield* refuseToken(visit, "secret_in_address")
    return yield* admitPrincipal(visit, rules, proven)
  })

  return (
    request: HttpServerRequest.HttpServerRequest,
    rules: Rules,
    protocolToken?: string
  ): Effect.Effect<Admitted | Refusal> => {
    const now = clock.currentTimeMillisUnsafe()
    const requestId = requestIdOf(request)
    // A stopping server answers what it is sent and asks clients to go elsewhere with the next request.
    const headers: Headers = stop.isStopping()
      ? { "x-request-id": requestId, connection: "close" }
      : { "x-request-id": requestId }
    const visit: Visit = { request, now, ip: clientAddress(request, limits.trustedHops), requestId, headers }
    const sent: Sent | undefined =
      protocolToken === undefined ? sentToken(request, rules.clientKey) : { token: protocolToken, place: "header" }
    if (sent === undefined) {
      const detail = "send a token: Authorization: Bearer …"
      return refuseAnonymous(visit, "unauthenticated", detail, { "www-authenticate": realm })
    }
    const known = proofs.known(sent.token, now)
    if (known !== undefined && mayStand(sent, known)) {
      return admitPrincipal(visit, rules, known)
    }
    return Effect.catch(admitUnproven(visit, rules, sent), (failure) =>
      Effect.annotateLogs(
        Effect.as(Effect.logWarning(failure.message), HttpServerResponse.setHeaders(answerOf(failure), headers)),
        { request_id: requestId }
      )
    )
  }
})

export type Admit = Effect.Success<typeof makeAdmit>
