import { Effect, Metric, Stream } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { Socket } from "effect/socket"
import { LiveFeed } from "../../ports/analytics/LiveFeed.ts"
import { fromZero } from "../../ports/platform/fromZero.ts"
import { Gauges } from "../../ports/platform/Gauges.ts"
import { streamRules } from "../contract/analytics.ts"
import { makeAdmit } from "../middleware/admit.ts"
import { refuseParameters } from "../middleware/parameters.ts"
import { problem } from "../middleware/problem.ts"
import { ServerStop } from "../ServerStop.ts"

/** Watchers at once in this process. */
export const watchersMax = 1000
const closeTryLater = 1013
const readersDropped = fromZero(
  Metric.counter("marketing_stream_readers_dropped_total", {
    description: "WebSockets closed because their reader was too slow",
    incremental: true
  })
)
const closeGoingAway = 1001

/** Events of the caller's workspace as they come: one JSON object a message, no properties, no personal data. */
export const layer = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const admit = yield* makeAdmit
    const feed = yield* LiveFeed
    const stop = yield* ServerStop
    let watchers = 0
    yield* (yield* Gauges).observe({
      name: "marketing_stream_watchers",
      description: "WebSockets open on the stream of events",
      read: Effect.sync(() => watchers)
    })

    yield* router.add(
      "GET",
      "/analytics/realtime/stream",
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const protocol = request.headers["sec-websocket-protocol"]
        const token = protocol?.split(",").at(-1)?.trim()
        const admitted = yield* token === undefined ? admit(request, streamRules) : admit(request, streamRules, token)
        if (HttpServerResponse.isHttpServerResponse(admitted)) return admitted
        const strange = refuseParameters(request, [])
        if (strange !== undefined) return HttpServerResponse.setHeaders(strange, admitted.headers)
        if ((request.headers["upgrade"] ?? "").toLowerCase() !== "websocket") {
          return problem("bad-request", { detail: "this is a WebSocket: send an upgrade", headers: admitted.headers })
        }
        if (watchers >= watchersMax) return problem("unavailable", { detail: `${watchersMax} watchers at the most` })
        watchers += 1
        yield* Effect.addFinalizer(() => Effect.sync(() => void (watchers -= 1)))
        const events = yield* feed.watch(admitted.principal.workspace).pipe(Effect.orDie)
        const socket = yield* request.upgrade
        const { pull } = yield* socket.reader
        const writer = yield* socket.writer
        const push = Stream.runForEach(events, (event) => writer.write(JSON.stringify(event))).pipe(
          Effect.catchTag("PortFailure", (failure) =>
            Effect.andThen(
              Metric.update(readersDropped, 1),
              writer.write(new Socket.CloseEvent(closeTryLater, failure.detail))
            )
          )
        )
        const stopped = Effect.andThen(
          stop.awaitStop,
          writer.write(new Socket.CloseEvent(closeGoingAway, "the server stops"))
        )
        yield* Effect.raceFirst(Effect.raceFirst(push, stopped), Effect.forever(pull)).pipe(
          Effect.catchTag("SocketError", () => Effect.void)
        )
        return HttpServerResponse.empty()
      }).pipe(Effect.scoped)
    )
  })
)
