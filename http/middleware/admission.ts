import { Cause, Context, Effect, Layer } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiError } from "effect/http-api"
import type { IdempotencyMark } from "../../ports/platform/IdempotencyMark.ts"
import { Admission, CurrentPrincipal } from "../contract/Admission.ts"
import { AnswerHeaders } from "../contract/AnswerHeaders.ts"
import { EndpointRules } from "../contract/EndpointRules.ts"
import { makeAdmit } from "./admit.ts"
import { fieldErrors } from "./fieldErrors.ts"
import { makeIdempotency } from "./idempotencyKey.ts"
import { readJson } from "./jsonBody.ts"
import type { JsonBody } from "./jsonBody.ts"
import { ofrepAnswer } from "./ofrepAnswer.ts"
import { parameterNames, refuseParameters } from "./parameters.ts"
import { problem } from "./problem.ts"
import { answerConditionally } from "./revisions.ts"

/** The response of an endpoint whatever happens in it: wrong requests are 400 with every field, bugs are 500 without a word. */
const guarded = <E, R>(
  endpoint: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.catchCause(endpoint, (cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
    const failure = Cause.squash(cause)
    if (HttpApiError.HttpApiSchemaError.is(failure) && failure.kind !== "Body" && failure.kind !== "ResponseHeaders") {
      return Effect.succeed(
        problem("bad-request", { detail: "the request is not valid", errors: fieldErrors(failure.cause.issue) })
      )
    }
    return Effect.as(
      Effect.logError("unexpected failure", cause),
      problem("internal", { detail: "the failure was noted under the request id" })
    )
  })

export const layer = Layer.effect(
  Admission,
  Effect.gen(function* () {
    const admit = yield* makeAdmit
    const idempotently = makeIdempotency()
    return (endpointEffect, { endpoint }) => {
      const rules = Context.get(endpoint.annotations as Context.Context<EndpointRules>, EndpointRules)
      const parameters = endpoint.query === undefined ? [] : parameterNames(endpoint.query)
      const answer = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
        const admitted = yield* admit(request, rules)
        if (HttpServerResponse.isHttpServerResponse(admitted)) return admitted
        const { from, headers, principal, requestId } = admitted
        const strange = rules.lenient === true ? undefined : refuseParameters(request, parameters)
        if (strange !== undefined) return HttpServerResponse.setHeaders(strange, headers)
        const body: JsonBody = endpoint.payload.size === 0 ? { value: undefined } : yield* readJson(request)
        if ("refused" in body) return HttpServerResponse.setHeaders(body.refused, headers)
        const added = new Map<string, string>()
        const run = (idempotency: IdempotencyMark | undefined) => {
          const caller = { ...principal, from, requestId, idempotency }
          const served = Context.make(CurrentPrincipal, caller).pipe(Context.add(AnswerHeaders, added))
          return Effect.annotateLogs(guarded(Effect.provideContext(endpointEffect, served)), { request_id: requestId })
        }
        const response = yield* rules.idempotent ? idempotently(request, principal, body.value, run) : run(undefined)
        const whole = HttpServerResponse.setHeaders(response, { ...headers, ...Object.fromEntries(added) })
        return answerConditionally(request, whole)
      })
      return Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
        rules.protocol === "ofrep"
          ? Effect.map(answer(request), (given) => ofrepAnswer(request, given))
          : answer(request)
      )
    }
  })
)
