import { Clock, Context, Effect, Random } from "effect"
import { Headers, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import type { Tracer } from "effect"
import { readTraceparent, traceparentOf, Tracing, withRecordedSpan } from "../../ports/platform/Tracing.ts"

/** Traces that callers may ask to be recorded, so that nobody fills the collector from outside. */
export const callersTracesPerSecondMax = 100

/** A caller's own decision counts as far as the limit goes; else chance decides. */
const makeDecision = (share: number) => {
  let second = 0
  let asked = 0
  return (parent: Tracer.ExternalSpan | undefined, nowMillis: number, chance: () => number): boolean => {
    if (parent === undefined) return share > 0 && chance() < share
    if (!parent.sampled) return false
    const now = Math.trunc(nowMillis / 1000)
    if (now !== second) {
      second = now
      asked = 0
    }
    asked += 1
    return asked <= callersTracesPerSecondMax
  }
}

/**
 * Records a span for a share of the requests, named by method and template of the route (OpenTelemetry semantic
 * conventions for HTTP), without addresses, queries, headers or ids. The request goes on with the span as its
 * `traceparent`, so that the stored line carries it to the consumers; the answer names it in `traceresponse`.
 */
export const layer = HttpRouter.middleware(
  Effect.map(Tracing, (tracing) => {
    if (tracing === undefined) {
      return <E, R>(app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) => app
    }
    const decide = makeDecision(tracing.share)
    return <E, R>(app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
      Effect.withFiber<HttpServerResponse.HttpServerResponse, E, R>((fiber) => {
        const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
        const header = request.headers["traceparent"]
        const parent = header === undefined ? undefined : readTraceparent(header)
        const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
        const random = fiber.getRef(Random.Random)
        if (!decide(parent, now, () => random.nextDoubleUnsafe()) || request.headers["upgrade"] !== undefined)
          return app
        const { route } = Context.getUnsafe(fiber.context, HttpRouter.RouteContext)
        const recorded = {
          name: `${request.method} ${route.path}`,
          kind: "server",
          parent,
          attributes: { "http.request.method": request.method, "http.route": route.path, "url.scheme": "http" }
        } as const
        return withRecordedSpan(tracing, recorded, (span) => served(app, request, span))
      })
  })
).layer

const served = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  request: HttpServerRequest.HttpServerRequest,
  span: Tracer.Span
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> => {
  const traceparent = traceparentOf(span)
  const continued = request.modify({ headers: Headers.set(request.headers, "traceparent", traceparent) })
  return Effect.map(Effect.provideService(app, HttpServerRequest.HttpServerRequest, continued), (answer) => {
    span.attribute("http.response.status_code", answer.status)
    if (answer.status >= 500) span.attribute("error.type", String(answer.status))
    return HttpServerResponse.setHeader(answer, "traceresponse", traceparent)
  }) as Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
}
