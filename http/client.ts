import { Context, Effect, Schema, Stream } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import type { HttpClientResponse } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { Socket } from "effect/socket"
import { LiveEvent } from "../ports/analytics/LiveFeed.ts"
import { Api } from "./contract/Api.ts"
import { Problem, problemContentType, problemTypeBase } from "./contract/Problem.ts"

/** A refusal or a failure of the service, as it says so: RFC 9457 with every wrong field in `errors`. */
export class ProblemFailure extends Schema.TaggedError<ProblemFailure>()("ProblemFailure", {
  ...Problem.fields,
  /** Seconds after which to try again, where the service says so. */
  retryAfter: Schema.optionalKey(Schema.Finite)
}) {
  /** The type without its base: `rate-limited`, `stale`, … */
  get kind(): string {
    return this.type.startsWith(problemTypeBase) ? this.type.slice(problemTypeBase.length) : this.type
  }

  override get message(): string {
    const fields = (this.errors ?? []).map(({ detail, pointer }) => `${pointer} ${detail}`)
    return [`${this.status} ${this.title}: ${this.detail}`, ...fields].join("; ")
  }
}

/** Headers of the requests made below it; set by {@link withIfMatch} and {@link withIdempotencyKey}. */
const RequestHeaders = Context.Reference<Readonly<Record<string, string>>>("http/client/RequestHeaders", {
  defaultValue: () => ({})
})

const withHeader = (name: string, value: string) =>
  Effect.fnUntraced(function* <A, E, R>(request: Effect.Effect<A, E, R>) {
    const headers = yield* RequestHeaders
    return yield* Effect.provideService(request, RequestHeaders, { ...headers, [name]: value })
  })

/** Changes only the revision of this `ETag`; `stale` where another one stands. */
export const withIfMatch = (etag: string) => withHeader("if-match", etag)
/** Makes it once, however often the request is sent in 24 hours. */
export const withIdempotencyKey = (key: string) => withHeader("idempotency-key", key)

const decodeProblem = Schema.decodeUnknownEffect(Problem)

const failWithProblem = (response: HttpClientResponse.HttpClientResponse) => {
  if (!(response.headers["content-type"] ?? "").startsWith(problemContentType)) return Effect.succeed(response)
  const retryAfter = Number(response.headers["retry-after"])
  return Effect.matchEffect(Effect.flatMap(response.json, decodeProblem), {
    // What is no problem although it says so is left to the endpoint's own decoding.
    onFailure: () => Effect.succeed(response),
    onSuccess: (problem) =>
      Effect.fail(new ProblemFailure({ ...problem, ...(Number.isFinite(retryAfter) ? { retryAfter } : {}) }))
  })
}

export interface ClientOptions {
  readonly baseUrl: string
  readonly token: string
}

/**
 * A typed client of every endpoint, derived from the contract, for Node and browsers: needs an `HttpClient`, for example
 * `FetchHttpClient.layer`. An answer that is a problem fails with {@link ProblemFailure}. The answer's headers come with
 * `{ responseMode: "decoded-and-response" }`.
 */
export const make = (options: ClientOptions): Effect.Effect<Client, never, HttpClient.HttpClient> =>
  Effect.flatMap(HttpClient.HttpClient, (client) =>
    HttpApiClient.makeWith(Api, {
      baseUrl: options.baseUrl,
      httpClient: client.pipe(
        HttpClient.mapRequest(HttpClientRequest.bearerToken(options.token)),
        HttpClient.mapRequestEffect((request) =>
          Effect.map(RequestHeaders, (headers) => HttpClientRequest.setHeaders(request, headers))
        ),
        HttpClient.transformResponse(Effect.flatMap(failWithProblem))
      )
    })
  )

/** Named, so that declarations name it too: written out it is longer than a compiler writes. */
export type Client = HttpApiClient.ForApi<typeof Api, ProblemFailure>

/** The server echoes the first of the protocols, and reads the token from the last. */
const streamProtocol = "broxiva"
const decodeLiveEvent = Schema.decodeUnknownEffect(Schema.fromJsonString(LiveEvent))

/** Events of the workspace as they come, by WebSocket: needs `Socket.layerWebSocketConstructorGlobal` or another one. */
export const liveEvents = ({ baseUrl, token }: ClientOptions) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const url = new URL("/analytics/realtime/stream", baseUrl)
      url.protocol = url.protocol.replace("http", "ws")
      const socket = yield* Socket.makeWebSocket(url.toString(), { protocols: [streamProtocol, token] })
      const pull = yield* Socket.readerString(socket)
      return Stream.fromPull(Effect.succeed(pull)).pipe(Stream.mapEffect((text) => decodeLiveEvent(text)))
    })
  )
