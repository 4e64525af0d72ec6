import { Clock, Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { addressKey, clientAddress } from "./clientAddress.ts"
import { atTheEdge, finish } from "./edge.ts"
import { problem } from "./problem.ts"
import { rateHeaders, retryAfter } from "./rateHeaders.ts"
import { RequestLimits } from "./RequestLimits.ts"
import { trackerPath } from "../tracker.ts"
import { makeTakeRate } from "./takeRate.ts"

type Answer = HttpServerResponse.HttpServerResponse

/**
 * Told by admission already; health is for machines that ask often; preflights are asked by browsers, not by people; the
 * script comes from memory, to offices of many people behind one address.
 */
const isUnlimited = ({ method, url }: HttpServerRequest.HttpServerRequest, answer: Answer): boolean =>
  answer.headers["ratelimit-policy"] !== undefined ||
  url.startsWith("/health/") ||
  url === trackerPath ||
  method === "OPTIONS"

/**
 * The edge of the service, where what no admission has counted is counted per client address: the documentation, paths
 * that nobody serves, requests that cannot be read.
 */
export const makeEdge = Effect.gen(function* () {
  const takeRate = yield* makeTakeRate
  const limits = yield* RequestLimits
  const clock = yield* Clock.Clock

  const limit = (request: HttpServerRequest.HttpServerRequest, answer: Answer): Effect.Effect<Answer> => {
    if (isUnlimited(request, answer)) return Effect.succeed(answer)
    const key = `public|${addressKey(clientAddress(request, limits.trustedHops))}`
    const taken = takeRate(key, limits.perMinute.anonymous, clock.currentTimeMillisUnsafe())
    return Effect.map(taken, (decision) => {
      if (decision === undefined) return answer
      const rate = rateHeaders(decision, "anonymous")
      if (decision.allowed) return HttpServerResponse.setHeaders(answer, rate)
      const detail = `${decision.limit} requests a minute are allowed here`
      const headers = { ...rate, "retry-after": retryAfter(decision) }
      return finish(request, problem("rate-limited", { detail, headers }))
    })
  }

  return <E, R>(app: Effect.Effect<Answer, E, R>) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
      Effect.flatMap(atTheEdge(app), (answer) => limit(request, answer))
    )
})
