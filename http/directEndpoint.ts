import { Context, Effect, Option, Schema } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import type { HttpApiEndpoint } from "effect/http-api"
import { inspectJson } from "../domain/analytics/ingestion/inspectJson.ts"
import { TokenProofs } from "../ports/platform/TokenProofs.ts"
import type { Principal } from "../ports/platform/TokenProofs.ts"
import { CurrentPrincipal } from "./contract/Admission.ts"
import { AnswerHeaders } from "./contract/AnswerHeaders.ts"
import { EndpointRules } from "./contract/EndpointRules.ts"
import { DirectRoutes, TextAnswer } from "./DirectRoutes.ts"
import type { Answer } from "./DirectRoutes.ts"
import { makeAdmit } from "./middleware/admit.ts"
import type { Admitted } from "./middleware/admit.ts"
import { sentToken } from "./middleware/sentToken.ts"
import { textAtHand } from "./middleware/body.ts"
import { jsonBodyRules } from "./middleware/jsonBody.ts"
import { ofrepAnswer } from "./middleware/ofrepAnswer.ts"
import { parameterNames } from "./middleware/parameters.ts"
import { plainValuesOf } from "./plainValues.ts"

/** What a request of the router has beside what every request has. */
type Served = CurrentPrincipal | AnswerHeaders | HttpServerRequest.HttpServerRequest

/** Parts of a request by the contract; a query string is never one of a direct request. */
interface Parts {
  readonly params: unknown
  readonly payload: unknown
  readonly headers: unknown
  readonly query: Readonly<Record<string, never>>
}
type Handled<Endpoint> = Pick<
  HttpApiEndpoint.Request<Endpoint>,
  Extract<keyof HttpApiEndpoint.Request<Endpoint>, keyof Parts>
>

/**
 * Serves endpoints of the contract off the connection too, with the handlers that the router has. It takes requests of
 * a known token whose every part is as the contract wants it, and leaves all others to the router: what is refused is
 * refused in one place. For endpoints whose successes are JSON as they are, and that are neither audited nor idempotent.
 */
export const makeServeDirectly = Effect.gen(function* () {
  const admit = yield* makeAdmit
  const proofs = yield* TokenProofs
  const direct = yield* DirectRoutes

  return <Endpoint extends HttpApiEndpoint.Top, R>(
    endpoint: Endpoint,
    handler: (request: Handled<Endpoint>) => Effect.Effect<unknown, never, Served | R>,
    /** The same where all that it needs is at hand, at once; undefined: it is the handler's. */
    atOnce: (request: Handled<Endpoint>, principal: Principal, sent: Request) => unknown = () => undefined
  ): Effect.Effect<void, never, R> => {
    const rules = Context.get(endpoint.annotations as Context.Context<EndpointRules>, EndpointRules)
    const read = readerOf(endpoint)
    const answer = (request: Request, parts: Parts, admitted: Admitted): Effect.Effect<Answer, never, R> => {
      const { from, principal, requestId } = admitted
      const caller = { ...principal, from, requestId, idempotency: undefined }
      const added = new Map<string, string>()
      const handled = Effect.updateContext(
        handler(parts as unknown as Handled<Endpoint>),
        // One by one: a context merged of two is a copy of both.
        (services: Context.Context<R>) =>
          Context.add(services, CurrentPrincipal, caller).pipe(
            Context.add(AnswerHeaders, added),
            Context.add(HttpServerRequest.HttpServerRequest, request)
          )
      )
      return Effect.map(handled, (made): Answer => {
        const headers = added.size === 0 ? admitted.headers : { ...admitted.headers, ...Object.fromEntries(added) }
        if (!HttpServerResponse.isHttpServerResponse(made)) return new TextAnswer(JSON.stringify(made), headers)
        const response = HttpServerResponse.setHeaders(made, headers)
        return rules.protocol === "ofrep" ? ofrepAnswer(request, response) : response
      })
    }
    return direct.add<R>(endpoint.path, (request) => {
      const sent = sentToken(request, rules.clientKey)
      if (sent === undefined || proofs.known(sent.token, Date.now()) === undefined) return undefined
      const parts = read(request)
      if (parts === undefined) return undefined
      return Effect.flatMapEager(admit(request, rules), (admitted): Effect.Effect<Answer, never, R> => {
        if (HttpServerResponse.isHttpServerResponse(admitted)) return Effect.succeed(admitted)
        const made = atOnce(parts as unknown as Handled<Endpoint>, admitted.principal, request)
        if (made === undefined) return answer(request, parts, admitted)
        return Effect.succeed(new TextAnswer(JSON.stringify(made), admitted.headers))
      })
    })
  }
})

type Request = HttpServerRequest.HttpServerRequest

type Decode = (value: unknown) => Option.Option<unknown>

const nothing: Decode = () => Option.some({})

/** As the contract is decoded everywhere; what it would not change is not decoded. */
const decodeOf = (schema: Schema.Top | undefined): Decode => {
  if (schema === undefined) return nothing
  const decode = Schema.decodeUnknownOption(schema as Schema.Codec<unknown>, { onExcessProperty: "error" })
  const isPlain = plainValuesOf(schema)
  return isPlain === undefined ? decode : (value) => (isPlain(value) ? Option.some(value) : decode(value))
}

/** Where a number may be beyond those of JavaScript, which read it as Infinity: no plain value, though it looks like one. */
const perhapsInfinite = /\d[eE]\+?\d{3}|\d{200}/

/** Reads what a handler is given; nothing where any of it is not as it should be. */
const readerOf = (endpoint: HttpApiEndpoint.Top) => {
  const payload = [...endpoint.payload.values()][0]?.schemas[0]
  const decodePayload = decodeOf(payload)
  const decodeParams = decodeOf(endpoint.params)
  const decodeHeaders = decodeOf(endpoint.headers)
  const headerNames = endpoint.headers === undefined ? [] : parameterNames(endpoint.headers)
  const [before = "", parameter = ""] = endpoint.path.split(/:(\w+).*/, 2)

  return (request: Request): Parts | undefined => {
    const text = textAtHand(request, jsonBodyRules)
    if (text === undefined || perhapsInfinite.test(text) || inspectJson(text).length > 0) return undefined
    const json = parsed(text)
    if (json === undefined) return undefined
    const named = parameter === "" ? {} : { [parameter]: request.url.slice(before.length).split("/", 1)[0] }
    const sent: Record<string, string | undefined> = {}
    for (const name of headerNames) if (request.headers[name] !== undefined) sent[name] = request.headers[name]
    const body = decodePayload(json)
    const params = decodeParams(named)
    const headers = decodeHeaders(sent)
    if (body._tag === "None" || params._tag === "None" || headers._tag === "None") return undefined
    return { payload: body.value, params: params.value, headers: headers.value, query: {} }
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
