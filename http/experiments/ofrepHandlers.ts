import { Effect, Layer } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { makeEvaluateFromMemory } from "../../domain/experiments/workflows/evaluateFlags.ts"
import { evaluateOfrep, evaluateOfrepBulk, ofrepFromMemory } from "../../domain/experiments/workflows/evaluateOfrep.ts"
import { filePayload } from "../../domain/experiments/workflows/flagPayload.ts"
import type { FlagSnapshot } from "../../ports/experiments/FlagSnapshots.ts"
import { inactivitySeconds } from "../../ports/experiments/Ofrep.ts"
import type { OfrepEvent, OfrepRequest } from "../../ports/experiments/Ofrep.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { AnswerHeaders } from "../contract/AnswerHeaders.ts"
import { ServedApi } from "../contract/Api.ts"
import { evaluateRules } from "../contract/flags.ts"
import { OfrepGroup, ofrepStreamPath } from "../contract/ofrep.ts"
import { makeServeDirectly } from "../directEndpoint.ts"
import { answerProblems } from "../middleware/failures.ts"
import { RequestLimits } from "../middleware/RequestLimits.ts"
import { namesTag } from "../middleware/revisions.ts"
import { sentToken } from "../middleware/sentToken.ts"
import { FlagStreams } from "./FlagStreams.ts"
import type { StreamMessage } from "./FlagStreams.ts"
import { readerAs, readerOf } from "./readerOf.ts"
import type { Linked } from "./readerOf.ts"

interface Asked {
  readonly headers: Linked["headers"] & { readonly "x-environment"?: string }
  readonly query: Linked["query"] & { readonly environment?: string }
  readonly payload: OfrepRequest
}

const environmentOf = ({ headers, query }: Asked): string | undefined => query.environment ?? headers["x-environment"]

const evaluate = (asked: Asked & { readonly params: { readonly key: string } }) =>
  Effect.flatMap(readerOf(asked), (reader) =>
    answerProblems(evaluateOfrep(reader, asked.params.key, asked.payload, environmentOf(asked)))
  )

const evaluateAll = (asked: Asked) =>
  Effect.flatMap(readerOf(asked), (reader) =>
    answerProblems(
      Effect.gen(function* () {
        const { etag, values } = yield* evaluateOfrepBulk(reader, asked.payload, environmentOf(asked))
        const added = yield* AnswerHeaders
        added.set("etag", etag).set("cache-control", "private, no-cache")
        const request = yield* HttpServerRequest.HttpServerRequest
        if (namesTag(request.headers["if-none-match"], etag)) return HttpServerResponse.empty({ status: 304 })
        const { kind } = yield* CurrentPrincipal
        if (kind !== "browser") return values
        return { ...values, eventStreams: [streamOf(sentToken(request)?.token ?? "", environmentOf(asked))] }
      })
    )
  )

const directLayer = Layer.effectDiscard(
  Effect.gen(function* () {
    const serveDirectly = yield* makeServeDirectly
    const fromMemory = ofrepFromMemory(yield* makeEvaluateFromMemory)
    const { trustedHops } = yield* RequestLimits
    yield* serveDirectly(OfrepGroup.endpoints.evaluate, evaluate, (asked, principal, request) =>
      fromMemory(
        readerAs(asked, principal, request, trustedHops),
        asked.params.key,
        asked.payload,
        environmentOf(asked)
      )
    )
    yield* serveDirectly(OfrepGroup.endpoints.evaluateAll, evaluateAll)
  })
)

/** The stream as a page can open it, with the key that it has asked with. */
const streamOf = (key: string, environment: string | undefined) => ({
  type: "sse" as const,
  endpoint: {
    requestUri: `${ofrepStreamPath}?${new URLSearchParams({ key, ...(environment === undefined ? {} : { environment }) })}`
  },
  inactivityDelaySec: inactivitySeconds
})

const messages = new WeakMap<FlagSnapshot, StreamMessage>()

/** The same for everybody; a change of another environment is none. */
const messageOf = (snapshot: FlagSnapshot): StreamMessage => {
  const known = messages.get(snapshot)
  if (known !== undefined) return known
  const event: OfrepEvent = { type: "refetchEvaluation", etag: filePayload(snapshot).etag }
  const message: StreamMessage = { event: "message", data: JSON.stringify(event) }
  messages.set(snapshot, message)
  return message
}

const streamLayer = HttpApiBuilder.group(ServedApi, "ofrepStream", (handlers) =>
  handlers.handleAll({
    stream: ({ query }) =>
      answerProblems(
        Effect.flatMap(FlagStreams, (streams) =>
          streams.open({
            rules: evaluateRules,
            environment: query.environment,
            tell: (snapshot) => Effect.succeed(messageOf(snapshot))
          })
        )
      )
  })
)

/** What goes wrong becomes an answer of the protocol on its way out. */
export const layer = Layer.mergeAll(
  directLayer,
  streamLayer,
  HttpApiBuilder.group(ServedApi, "ofrep", (handlers) => handlers.handleAll({ evaluate, evaluateAll }))
)
