import { Clock, Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { readShared } from "../../domain/analytics/workflows/shares.ts"
import { pictureHeightMax, pictureHeightMin, pictureWidthMax, pictureWidthMin } from "../../ports/analytics/Picture.ts"
import { ServedApi } from "../contract/Api.ts"
import { addressKey, clientAddress } from "../middleware/clientAddress.ts"
import { answerProblems } from "../middleware/failures.ts"
import { negotiate } from "../middleware/negotiation.ts"
import { refuseParameters } from "../middleware/parameters.ts"
import { problem } from "../middleware/problem.ts"
import { rateHeaders, retryAfter } from "../middleware/rateHeaders.ts"
import { RequestLimits } from "../middleware/RequestLimits.ts"
import { answerConditionally } from "../middleware/revisions.ts"
import { makeTakeRate } from "../middleware/takeRate.ts"
import { answerTypes, notAcceptable, picture, svgType } from "./pictured.ts"
import { measured } from "./queryMetrics.ts"

const pictureEnding = ".svg"

interface Sizes {
  readonly width?: string | undefined
  readonly height?: string | undefined
}

/** Pixels within the limits, or what is wrong with them. */
const readSize = ({ height, width }: Sizes) => {
  const errors: Array<{ readonly pointer: string; readonly code: string; readonly detail: string }> = []
  const pixels = (name: string, text: string | undefined, minimum: number, maximum: number) => {
    if (text === undefined) return undefined
    const value = Number(text)
    if (/^\d{1,6}$/.test(text) && value >= minimum && value <= maximum) return value
    errors.push({ pointer: `/${name}`, code: "out_of_range", detail: `must lie between ${minimum} and ${maximum}` })
    return undefined
  }
  const size = {
    width: pixels("width", width, pictureWidthMin, pictureWidthMax),
    height: pixels("height", height, pictureHeightMin, pictureHeightMax)
  }
  return errors.length === 0 ? { size } : { refused: problem("bad-request", { detail: "no such size", errors }) }
}

const noPicture = problem("not-acceptable", {
  detail: "a dashboard comes as JSON; its insights have pictures",
  headers: { vary: "accept" }
})

/** The answer of a link: nobody may keep it without asking again, so that a revoked link shows nothing. */
const answerLink = Effect.fnUntraced(function* (sent: string, sizes: Sizes) {
  const request = yield* HttpServerRequest.HttpServerRequest
  const isPicture = sent.endsWith(pictureEnding)
  const slug = isPicture ? sent.slice(0, -pictureEnding.length) : sent
  const type = isPicture ? svgType : negotiate(request.headers["accept"], answerTypes)
  const read = readSize(sizes)
  const strange = refuseParameters(request, ["width", "height"])
  if (strange !== undefined) return strange
  if ("refused" in read) return read.refused
  if (type === undefined) return notAcceptable
  const shared = yield* measured(readShared(slug))
  if (type === svgType && "tiles" in shared) return noPicture
  const answer =
    type === svgType && "answer" in shared
      ? yield* picture(shared.answer, { ...read.size, title: shared.name })
      : HttpServerResponse.jsonUnsafe(shared, { headers: { vary: "accept" } })
  return HttpServerResponse.setHeader(answerConditionally(request, answer), "cache-control", "public, no-cache")
})

/** Without a token, and so counted by address before anything is asked. */
export const layer = HttpApiBuilder.group(
  ServedApi,
  "shared",
  Effect.fnUntraced(function* (handlers) {
    const takeRate = yield* makeTakeRate
    const limits = yield* RequestLimits
    return handlers.handleAll({
      answer: Effect.fnUntraced(function* ({ params, query }) {
        const request = yield* HttpServerRequest.HttpServerRequest
        const key = `shared|${addressKey(clientAddress(request, limits.trustedHops))}`
        const decision = yield* takeRate(key, limits.perMinute.anonymous, yield* Clock.currentTimeMillis)
        const rate = decision === undefined ? {} : rateHeaders(decision, "anonymous")
        if (decision !== undefined && !decision.allowed) {
          const detail = `${decision.limit} requests a minute are allowed here`
          return problem("rate-limited", { detail, headers: { ...rate, "retry-after": retryAfter(decision) } })
        }
        const answer = yield* answerProblems(answerLink(params.slug, query))
        return HttpServerResponse.setHeaders(answer, rate)
      })
    })
  })
)
