import { Clock, Context, Effect, Metric } from "effect"
import { HttpRouter, HttpServerRequest } from "effect/http"
import type { HttpServerResponse } from "effect/http"

const statusClasses = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const
const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
const noServices: Context.Context<never> = Context.empty()

const requests = Metric.counter("marketing_http_requests_total", {
  description: "Requests answered, by route and class of status",
  incremental: true
})
const duration = Metric.histogram("marketing_http_request_duration_seconds", {
  description: "Time from the head of a request to its answer, by route",
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
})
const rateLimited = Metric.counter("marketing_http_rate_limited_total", {
  description: "Requests refused because their principal had sent too many",
  incremental: true
})

/** The series of one method and route: labels are templates of the contract, never what a client wrote. */
const seriesOf = (method: string, route: string) => {
  const labels = { method: methods.has(method) ? method : "other", route }
  const answered = statusClasses.map((status) => Metric.withAttributes(requests, { ...labels, status }))
  const took = Metric.withAttributes(duration, labels)
  const limited = Metric.withAttributes(rateLimited, { route })
  return { answered, took, limited }
}
type Series = ReturnType<typeof seriesOf>

/** Counts an answer of one route, given its status and the time that it took. */
export const countsOf = (method: string, route: string) => {
  const series = seriesOf(method, route)
  return (status: number, millis: number): void => {
    countAnswer(series, status)
    series.took.updateUnsafe(millis / 1000, noServices)
  }
}

const countAnswer = ({ answered, limited }: Series, status: number): void => {
  answered[Math.trunc(status / 100) - 1]?.updateUnsafe(1, noServices)
  if (status === 429) limited.updateUnsafe(1, noServices)
}

const byRoute = new WeakMap<object, Series>()
const unmatched = new Map<string, Series>()

const seriesFor = (context: Context.Context<never>, method: string): Series => {
  const matched = Context.getOrUndefined(context, HttpRouter.RouteContext)?.route
  if (matched === undefined) {
    const key = methods.has(method) ? method : "other"
    const known = unmatched.get(key) ?? seriesOf(key, "unmatched")
    unmatched.set(key, known)
    return known
  }
  const known = byRoute.get(matched)
  if (known !== undefined) return known
  const fresh = seriesOf(matched.method, matched.path)
  byRoute.set(matched, fresh)
  return fresh
}

/** Counts and times every answer, whoever gave it. A WebSocket's time is its life, and not counted. */
export const counted = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> =>
  Effect.withFiber((fiber) => {
    const clock = fiber.getRef(Clock.Clock)
    const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
    const start = clock.currentTimeMillisUnsafe()
    return Effect.map(app, (answer) => {
      const series = seriesFor(fiber.context, request.method)
      countAnswer(series, answer.status)
      if (request.headers["upgrade"] === undefined) {
        series.took.updateUnsafe((clock.currentTimeMillisUnsafe() - start) / 1000, noServices)
      }
      return answer
    })
  })
