import { Effect, Layer } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { evaluateGrowthBook, growthbookPayload, readGrowthBook } from "../../domain/experiments/workflows/growthbook.ts"
import { filePayload } from "../../domain/experiments/workflows/flagPayload.ts"
import type { FlagSnapshot } from "../../ports/experiments/FlagSnapshots.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { AnswerHeaders } from "../contract/AnswerHeaders.ts"
import { ServedApi } from "../contract/Api.ts"
import { growthbookRules } from "../contract/growthbook.ts"
import { answerProblems } from "../middleware/failures.ts"
import { FlagStreams } from "./FlagStreams.ts"
import type { StreamMessage } from "./FlagStreams.ts"

/** Clients listen for changes where an answer says that they can. */
const streaming = Effect.map(AnswerHeaders, (added) => added.set("x-sse-support", "enabled"))

const answersLayer = HttpApiBuilder.group(ServedApi, "growthbook", (handlers) =>
  handlers.handleAll({
    features: () =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.gen(function* () {
            const { etag, text } = yield* readGrowthBook(principal)
            const added = yield* streaming
            added.set("etag", etag)
            return HttpServerResponse.text(text, { contentType: "application/json" })
          })
        )
      ),
    evaluate: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.tap(evaluateGrowthBook(principal, payload), streaming))
      )
  })
)

const features = new WeakMap<FlagSnapshot, StreamMessage>()

const featuresMessage = (snapshot: FlagSnapshot): StreamMessage => {
  const known = features.get(snapshot)
  if (known !== undefined) return known
  const { etag, text } = growthbookPayload(snapshot)
  const message: StreamMessage = { event: "features", data: text, tag: etag }
  features.set(snapshot, message)
  return message
}

/** A browser's client is told that something changed, and evaluates remotely again. */
const changedMessage = (snapshot: FlagSnapshot): StreamMessage => ({
  event: "features-updated",
  data: JSON.stringify({ etag: filePayload(snapshot).etag })
})

const streamLayer = HttpApiBuilder.group(ServedApi, "growthbookStream", (handlers) =>
  handlers.handleAll({
    stream: () =>
      Effect.flatMap(CurrentPrincipal, ({ kind }) =>
        answerProblems(
          Effect.flatMap(FlagStreams, (streams) =>
            streams.open({
              rules: growthbookRules,
              environment: undefined,
              tell: (snapshot) =>
                Effect.succeed(kind === "browser" ? changedMessage(snapshot) : featuresMessage(snapshot))
            })
          )
        )
      )
  })
)

export const layer = Layer.mergeAll(answersLayer, streamLayer)
