import { Effect, Layer } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { evaluateOfrep, evaluateOfrepBulk } from "../../domain/experiments/workflows/evaluateOfrep.ts"
import type { OfrepRequest } from "../../ports/experiments/Ofrep.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { AnswerHeaders } from "../contract/AnswerHeaders.ts"
import { ServedApi } from "../contract/Api.ts"
import { OfrepGroup } from "../contract/ofrep.ts"
import { makeServeDirectly } from "../directEndpoint.ts"
import { answerProblems } from "../middleware/failures.ts"
import { namesTag } from "../middleware/revisions.ts"
import { withLink } from "./withLink.ts"
import type { Linked } from "./withLink.ts"

interface Asked {
  readonly headers: Linked["headers"] & { readonly "x-environment"?: string }
  readonly query: Linked["query"] & { readonly environment?: string }
  readonly payload: OfrepRequest
}

const environmentOf = ({ headers, query }: Asked): string | undefined => query.environment ?? headers["x-environment"]

const evaluate = (asked: Asked & { readonly params: { readonly key: string } }) =>
  Effect.flatMap(CurrentPrincipal, (principal) =>
    answerProblems(evaluateOfrep(withLink(principal, asked), asked.params.key, asked.payload, environmentOf(asked)))
  )

const evaluateAll = (asked: Asked) =>
  Effect.flatMap(CurrentPrincipal, (principal) =>
    answerProblems(
      Effect.gen(function* () {
        const { etag, values } = yield* evaluateOfrepBulk(
          withLink(principal, asked),
          asked.payload,
          environmentOf(asked)
        )
        const added = yield* AnswerHeaders
        added.set("etag", etag).set("cache-control", "private, no-cache")
        const request = yield* HttpServerRequest.HttpServerRequest
        return namesTag(request.headers["if-none-match"], etag) ? HttpServerResponse.empty({ status: 304 }) : values
      })
    )
  )

const directLayer = Layer.effectDiscard(
  Effect.gen(function* () {
    const serveDirectly = yield* makeServeDirectly
    yield* serveDirectly(OfrepGroup.endpoints.evaluate, evaluate)
    yield* serveDirectly(OfrepGroup.endpoints.evaluateAll, evaluateAll)
  })
)

/** What goes wrong becomes an answer of the protocol on its way out. */
export const layer = Layer.merge(
  directLayer,
  HttpApiBuilder.group(ServedApi, "ofrep", (handlers) => handlers.handleAll({ evaluate, evaluateAll }))
)
