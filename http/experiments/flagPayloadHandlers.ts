import { Effect, Layer } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { readPayload } from "../../domain/experiments/workflows/flagPayload.ts"
import type { Payload, PayloadReader, PayloadRequest } from "../../domain/experiments/workflows/flagPayload.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { AnswerHeaders } from "../contract/AnswerHeaders.ts"
import { ServedApi } from "../contract/Api.ts"
import { evaluateRules } from "../contract/flags.ts"
import { answerProblems } from "../middleware/failures.ts"
import { FlagStreams } from "./FlagStreams.ts"
import type { StreamMessage } from "./FlagStreams.ts"

const payloadLayer = HttpApiBuilder.group(ServedApi, "flagPayload", (handlers) =>
  handlers.handleAll({
    payload: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.gen(function* () {
            const { etag, text } = yield* readPayload(principal, query)
            const added = yield* AnswerHeaders
            added.set("etag", etag)
            return HttpServerResponse.text(text, { contentType: "application/json" })
          })
        )
      )
  })
)

const messages = new WeakMap<Payload, StreamMessage>()

const messageOf = (payload: Payload): StreamMessage => {
  const known = messages.get(payload)
  if (known !== undefined) return known
  const message: StreamMessage = { event: "message", data: payload.text }
  messages.set(payload, message)
  return message
}

/** What a payload says, as often as it says something else. */
const streamed = Effect.fnUntraced(function* (reader: PayloadReader, query: PayloadRequest) {
  const streams = yield* FlagStreams
  // Refuses what can be refused while there is an answer that says so.
  yield* readPayload(reader, query)
  return yield* streams.open({
    rules: evaluateRules,
    environment: query.environment,
    tell: () => Effect.map(readPayload(reader, query), messageOf)
  })
})

const streamLayer = HttpApiBuilder.group(ServedApi, "flagStream", (handlers) =>
  handlers.handleAll({
    stream: ({ query }) => Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(streamed(principal, query)))
  })
)

export const layer = Layer.mergeAll(payloadLayer, streamLayer)
