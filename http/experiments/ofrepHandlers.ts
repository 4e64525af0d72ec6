import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { evaluateOfrep, evaluateOfrepBulk } from "../../domain/experiments/workflows/evaluateOfrep.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { AnswerHeaders } from "../contract/AnswerHeaders.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { namesTag } from "../middleware/revisions.ts"

/** What goes wrong becomes an answer of the protocol on its way out. */
export const layer = HttpApiBuilder.group(ServedApi, "ofrep", (handlers) =>
  handlers.handleAll({
    evaluate: ({ headers, params, payload, query }) =>
      Effect.flatMap(CurrentPrincipal, (reader) =>
        answerProblems(evaluateOfrep(reader, params.key, payload, query.environment ?? headers["x-environment"]))
      ),
    evaluateAll: ({ headers, payload, query }) =>
      Effect.flatMap(CurrentPrincipal, (reader) =>
        answerProblems(
          Effect.gen(function* () {
            const { etag, values } = yield* evaluateOfrepBulk(
              reader,
              payload,
              query.environment ?? headers["x-environment"]
            )
            const added = yield* AnswerHeaders
            added.set("etag", etag).set("cache-control", "private, no-cache")
            const request = yield* HttpServerRequest.HttpServerRequest
            return namesTag(request.headers["if-none-match"], etag) ? HttpServerResponse.empty({ status: 304 }) : values
          })
        )
      )
  })
)
