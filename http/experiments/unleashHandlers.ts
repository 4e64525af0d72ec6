import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import {
  readUnleashFeatures,
  readUnleashToggles,
  reportUnleashMetrics
} from "../../domain/experiments/workflows/unleash.ts"
import type { UnleashContext } from "../../ports/experiments/Unleash.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { AnswerHeaders } from "../contract/AnswerHeaders.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { namesTag } from "../middleware/revisions.ts"

/** The answer with its tag, or 304 to a client that holds it. */
const tagged = Effect.fnUntraced(function* <Answer>({
  answer,
  etag
}: {
  readonly answer: Answer
  readonly etag: string
}) {
  const added = yield* AnswerHeaders
  added.set("etag", etag).set("cache-control", "private, no-cache")
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  return namesTag(headers["if-none-match"], etag) ? HttpServerResponse.empty({ status: 304 }) : answer
})

const togglesOf = (context: UnleashContext) =>
  Effect.flatMap(CurrentPrincipal, (principal) =>
    answerProblems(Effect.flatMap(readUnleashToggles(principal, context), tagged))
  )

const propertyName = /^properties\[([^\]]+)\]$/

/** A context in the words of a query string: `userId=…&properties[plan]=…`. */
const contextIn = ({ url }: HttpServerRequest.HttpServerRequest): UnleashContext => {
  const start = url.indexOf("?")
  const context: Record<string, string> = {}
  const properties: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(start === -1 ? "" : url.slice(start))) {
    const property = propertyName.exec(name)?.[1]
    if (property === undefined) context[name] = value
    else if (property !== "__proto__") properties[property] = value
  }
  return { ...context, properties }
}

const taken = Effect.succeed(HttpServerResponse.empty({ status: 202 }))

export const layer = HttpApiBuilder.group(ServedApi, "unleash", (handlers) =>
  handlers.handleAll({
    features: ({ query: { namePrefix } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(readUnleashFeatures(principal, namePrefix), tagged))
      ),
    register: () => taken,
    metrics: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.andThen(reportUnleashMetrics(principal, payload), taken))
      ),
    toggles: ({ request }) => togglesOf(contextIn(request)),
    togglesFor: ({ payload }) => togglesOf(payload.context ?? {}),
    frontendRegister: () => taken,
    frontendMetrics: () => taken
  })
)
