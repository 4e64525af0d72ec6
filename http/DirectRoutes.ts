import { Cause, Context, Effect, Exit, Layer } from "effect"
import { HttpServerResponse } from "effect/http"
import type { HttpServerRequest } from "effect/http"
import process from "node:process"
import { Tracing } from "../ports/platform/Tracing.ts"
import { finish, recover } from "./middleware/edge.ts"
import { countsOf } from "./middleware/requestMetrics.ts"

const noHeaders: Readonly<Record<string, string>> = {}

/** A success as text: what the hot endpoints answer nearly always, without the cost of a response of its own. */
export class TextAnswer {
  readonly text: string
  readonly headers: Readonly<Record<string, string>>

  constructor(text: string, headers: Readonly<Record<string, string>> = noHeaders) {
    this.text = text
    this.headers = headers
  }

  /** With what every answer to the request bears. */
  with(headers: Readonly<Record<string, string>>): TextAnswer {
    return new TextAnswer(this.text, this.headers === noHeaders ? headers : { ...headers, ...this.headers })
  }
}

export type Answer = TextAnswer | HttpServerResponse.HttpServerResponse

/**
 * Answers a request, or leaves it to the router: nothing was done with it. An effect that is an exit already costs no
 * fiber.
 */
export type Exchange<R = never> = (
  request: HttpServerRequest.HttpServerRequest
) => Effect.Effect<Answer, never, R> | undefined

export const asResponse = (answer: Answer) =>
  answer instanceof TextAnswer
    ? HttpServerResponse.text(answer.text, { contentType: "application/json", headers: answer.headers })
    : answer

/** Whether it takes the request; if not, it is the router's. */
export type DirectRoute = (request: HttpServerRequest.HttpServerRequest, done: (answer: Answer) => void) => boolean

/**
 * Routes (all of them POST) whose requests are taken straight off the connection: no streams, no router, no layers of
 * middleware, one fiber. For endpoints whose cost is the cost of the product; each stands in the router too, for
 * requests of an unusual form.
 */
export class DirectRoutes extends Context.Service<
  DirectRoutes,
  {
    /** The path may have one parameter, `:name`, that takes one segment. */
    readonly add: <R>(path: string, exchange: Exchange<R>) => Effect.Effect<void, never, R>
    readonly find: (path: string) => DirectRoute | undefined
    /** Not where requests are traced: a span belongs to the way through the router. */
    readonly isOpen: boolean
  }
>()("http/DirectRoutes") {}

export const layer = Layer.effect(
  DirectRoutes,
  Effect.gen(function* () {
    const tracing = yield* Tracing
    const routes = new Map<string, DirectRoute>()
    const templates: Array<Template> = []
    return DirectRoutes.of({
      add: <R>(path: string, exchange: Exchange<R>) =>
        Effect.contextWith((services: Context.Context<R>) =>
          Effect.sync(() => {
            const route = direct(path, exchange, services)
            const [before, after] = path.split(/:\w+/)
            if (after === undefined) routes.set(path, route)
            else templates.push({ before: before!, after, route })
          })
        ),
      find: (path) => routes.get(path) ?? templates.find((template) => isOf(template, path))?.route,
      // Bun's HTTP server does not stand on connections of `node:net`.
      isOpen: tracing === undefined && process.versions["bun"] === undefined
    })
  })
)

/** A path with one parameter. */
interface Template {
  readonly before: string
  readonly after: string
  readonly route: DirectRoute
}

const isOf = ({ after, before }: Template, path: string): boolean => {
  if (!path.startsWith(before) || !path.endsWith(after)) return false
  const end = path.length - after.length
  return end > before.length && path.lastIndexOf("/", end - 1) < before.length
}

const direct = <R>(path: string, exchange: Exchange<R>, services: Context.Context<R>): DirectRoute => {
  const count = countsOf("POST", path)
  const run = Effect.runForkWith(services)
  return (request, done) => {
    const start = Date.now()
    const deliver = (answer: Answer): void => {
      count(answer instanceof TextAnswer ? 200 : answer.status, Date.now() - start)
      done(answer instanceof TextAnswer ? answer : finish(request, answer))
    }
    const answering = begin(exchange, request)
    if (answering === undefined) return false
    if (Exit.isExit(answering) && Exit.isSuccess(answering)) {
      deliver(answering.value as Answer)
      return true
    }
    run(answering).addObserver((exit) => {
      if (Exit.isSuccess(exit)) deliver(exit.value)
      else if (!Cause.hasInterruptsOnly(exit.cause)) run(Effect.map(recover(request, exit.cause), deliver))
    })
    return true
  }
}

/** What is thrown on the way is a failure like any other. */
const begin = <R>(exchange: Exchange<R>, request: HttpServerRequest.HttpServerRequest): ReturnType<Exchange<R>> => {
  try {
    return exchange(request)
  } catch (thrown) {
    return Effect.die(thrown)
  }
}
