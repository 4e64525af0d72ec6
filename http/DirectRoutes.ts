import { Cause, Context, Effect, Layer, Option, Random } from "effect"
import { HttpServerResponse } from "effect/http"
import type { HttpServerRequest } from "effect/http"
import { Server } from "node:http"
import type { IncomingMessage, ServerOptions, ServerResponse } from "node:http"
import { Tracing } from "../ports/platform/Tracing.ts"
import { finish, onEveryAnswer, recover } from "./middleware/edge.ts"
import { isRecorded } from "./middleware/tracing.ts"
import { countsOf } from "./middleware/requestMetrics.ts"

/** A success as text: what the hot endpoints answer nearly always, without the cost of a response of its own. */
export class TextAnswer {
  readonly text: string
  readonly headers: Readonly<Record<string, string>>

  constructor(text: string, headers: Readonly<Record<string, string>>) {
    this.text = text
    this.headers = headers
  }
}

export type Answer = TextAnswer | HttpServerResponse.HttpServerResponse

export type Exchange = (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<Answer>

const contentType = "application/json"

export const asResponse = (answer: Answer) =>
  answer instanceof TextAnswer ? HttpServerResponse.text(answer.text, { contentType, headers: answer.headers }) : answer

type Route = (message: IncomingMessage, response: ServerResponse) => void

/**
 * Routes that take their requests straight from the connection: no router, no layers of middleware, one fiber. For
 * endpoints whose cost is the cost of the product; each stands in the router too, for requests of an unusual form.
 */
export class DirectRoutes extends Context.Service<
  DirectRoutes,
  {
    readonly add: (method: string, path: string, exchange: Exchange) => Effect.Effect<void>
    readonly find: (message: IncomingMessage) => Route | undefined
  }
>()("http/DirectRoutes") {}

export const layer = Layer.effect(
  DirectRoutes,
  Effect.gen(function* () {
    const tracing = yield* Tracing
    const random = yield* Random.Random
    const chance = () => random.nextDoubleUnsafe()
    const routes = new Map<string, { readonly method: string; readonly route: Route }>()
    return DirectRoutes.of({
      add: (method, path, exchange) =>
        Effect.contextWith((services) =>
          Effect.sync(() => void routes.set(path, { method, route: direct(method, path, exchange, services) }))
        ),
      find: (message) => {
        const { method, url = "" } = message
        const query = url.indexOf("?")
        const found = routes.get(query === -1 ? url : url.slice(0, query))
        return found?.method !== method || isRecorded(tracing, message, chance) ? undefined : found?.route
      }
    })
  })
)

const direct = (method: string, path: string, exchange: Exchange, services: Context.Context<never>): Route => {
  const count = countsOf(method, path)
  const run = Effect.runForkWith(services)
  return (message, response) => {
    const start = Date.now()
    const request = requestOf(message, response)
    const answered = Effect.catchCause(exchange(request), (cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.never : recover(request, cause)
    )
    run(
      Effect.map(answered, (answer) => {
        const status = answer instanceof TextAnswer ? 200 : answer.status
        count(status, Date.now() - start)
        if (answer instanceof TextAnswer) writeText(response, answer)
        else writeResponse(response, finish(request, answer))
      })
    )
  }
}

/** What the functions of `middleware/` read of a request. */
const requestOf = (message: IncomingMessage, response: ServerResponse): HttpServerRequest.HttpServerRequest =>
  ({
    source: message,
    response,
    method: message.method,
    url: message.url,
    headers: message.headers,
    remoteAddress: Option.fromUndefinedOr(message.socket.remoteAddress)
  }) as unknown as HttpServerRequest.HttpServerRequest

const writeText = (response: ServerResponse, { headers, text }: TextAnswer): void => {
  response.writeHead(200, {
    ...onEveryAnswer,
    ...headers,
    "content-type": contentType,
    "content-length": Buffer.byteLength(text)
  })
  response.end(text)
}

const writeResponse = (response: ServerResponse, { body, headers, status }: HttpServerResponse.HttpServerResponse) => {
  response.writeHead(status, { ...headers })
  response.end(body._tag === "Uint8Array" ? body.body : undefined)
}

type Emit = (event: string | symbol, ...values: ReadonlyArray<unknown>) => boolean

/** A server that gives requests of direct routes to them, and all others to its listeners. */
export class FrontServer extends Server {
  readonly #routes: DirectRoutes["Service"]

  constructor(routes: DirectRoutes["Service"], options: ServerOptions) {
    super(options)
    this.#routes = routes
  }

  override emit(event: string | symbol, ...values: ReadonlyArray<unknown>): boolean {
    const [message, response] = values as unknown as readonly [IncomingMessage, ServerResponse]
    const route = event === "request" ? this.#routes.find(message) : undefined
    if (route === undefined) return (super.emit as Emit)(event, ...values)
    route(message, response)
    return true
  }
}
