import { Cause, Context, Effect, Layer, Schema, SchemaIssue } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiError } from "effect/http-api"
import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"
import type { IdempotencyMark } from "../../ports/platform/IdempotencyMark.ts"
import { Admission, CurrentPrincipal } from "../contract/Admission.ts"
import { EndpointRules } from "../contract/EndpointRules.ts"
import { makeAdmit } from "./admit.ts"
import { makeIdempotency } from "./idempotencyKey.ts"
import { readJson } from "./jsonBody.ts"
import type { JsonBody } from "./jsonBody.ts"
import { problem } from "./problem.ts"

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

const segment = (key: unknown): string => {
  const name = typeof key === "object" && key !== null && "key" in key ? key.key : key
  return String(name).replaceAll("~", "~0").replaceAll("/", "~1")
}

/** Every issue of a request that its schema refuses, as pointers into its body or the name of its parameter. */
export const fieldErrors = (error: Schema.SchemaError): ReadonlyArray<FieldError> =>
  formatIssues(error.issue).issues.map((issue) => ({
    pointer: (issue.path ?? []).map((key) => `/${segment(key)}`).join(""),
    code: "invalid",
    detail: issue.message
  }))

/** The response of an endpoint whatever happens in it: wrong requests are 400 with every field, bugs are 500 without a word. */
const guarded = <E, R>(
  endpoint: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  at: { readonly instance: string; readonly requestId: string }
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.catchCause(endpoint, (cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
    const failure = Cause.squash(cause)
    if (HttpApiError.HttpApiSchemaError.is(failure) && failure.kind !== "Body" && failure.kind !== "ResponseHeaders") {
      return Effect.succeed(
        problem("bad-request", { detail: "the request is not valid", ...at, errors: fieldErrors(failure.cause) })
      )
    }
    if (isTooLarge(failure)) return Effect.succeed(problem("too-large", { detail: "the body is too large", ...at }))
    return Effect.as(
      Effect.logError("unexpected failure", cause),
      problem("internal", { detail: "the failure was noted under the request id", ...at })
    )
  })

const isTooLarge = (failure: unknown): boolean =>
  typeof failure === "object" && failure !== null && "_tag" in failure && failure._tag === "HttpApiPayloadTooLarge"

export const layer = Layer.effect(
  Admission,
  Effect.gen(function* () {
    const admit = yield* makeAdmit
    const idempotently = makeIdempotency()
    return (endpointEffect, { endpoint }) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const rules = Context.get(endpoint.annotations as Context.Context<EndpointRules>, EndpointRules)
        const admitted = yield* admit(request, rules)
        if (HttpServerResponse.isHttpServerResponse(admitted)) return admitted
        const { from, headers, principal, requestId } = admitted
        const body: JsonBody = endpoint.payload.size === 0 ? { value: undefined } : yield* readJson(request)
        if ("refused" in body) return HttpServerResponse.setHeaders(body.refused, headers)
        const run = (idempotency: IdempotencyMark | undefined) =>
          guarded(
            Effect.provideService(endpointEffect, CurrentPrincipal, { ...principal, from, requestId, idempotency }),
            { instance: request.url.split("?", 1)[0]!, requestId }
          )
        const response = yield* rules.idempotent ? idempotently(request, principal, body.value, run) : run(undefined)
        return HttpServerResponse.setHeaders(response, headers)
      })
  })
)
