import { NodeHttpServerRequest } from "@effect/platform-node"
import { Effect, Result } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { Socket } from "effect/socket"
import { LiveFeed } from "../../ports/analytics/LiveFeed.ts"
import { Gauges } from "../../ports/platform/Gauges.ts"
import { TokenProofs } from "../../ports/platform/TokenProofs.ts"
import { streamRules } from "../contract/analytics.ts"
import { makeAdmit } from "../middleware/admit.ts"
import { retryAfterSeconds } from "../middleware/failures.ts"
import { refuseParameters } from "../middleware/parameters.ts"
import { problem } from "../middleware/problem.ts"
import { sentToken } from "../middleware/sentToken.ts"
import { ServerStop } from "../ServerStop.ts"
import { passOver, push, untilRefused } from "./watching.ts"

/** Watchers at once in this process. */
export const watchersMax = 1000
const goingAway = new Socket.CloseEvent(1001, "the server stops")

const full = (headers: Readonly<Record<string, string>>) =>
  problem("unavailable", {
    detail: `${watchersMax} watchers at the most`,
    headers: { ...headers, "retry-after": String(retryAfterSeconds) }
  })

/** Events of the caller's workspace as they come: one JSON object a message, no properties, no personal data. */
export const layer = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const admit = yield* makeAdmit
    const feed = yield* LiveFeed
    const stop = yield* ServerStop
    const proofs = yield* TokenProofs
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
        if (watchers >= watchersMax) return full(admitted.headers)
        watchers += 1
        yield* Effect.addFinalizer(() => Effect.sync(() => void (watchers -= 1)))
        const watched = yield* Effect.result(feed.watch(admitted.principal.workspace))
        if (Result.isFailure(watched)) return full(admitted.headers)
        const connection = NodeHttpServerRequest.toIncomingMessage(request).socket
        const socket = yield* request.upgrade
        const { pull } = yield* socket.reader
        const { write } = yield* socket.writer
        const stopped = Effect.as(stop.awaitStop, goingAway)
        const ending = Effect.raceAllFirst([
          push(watched.success, connection, write),
          stopped,
          passOver(pull),
          untilRefused(proofs, token ?? sentToken(request)?.token ?? "", admitted)
        ])
        yield* Effect.flatMap(ending, write).pipe(Effect.catchTag("SocketError", () => Effect.void))
        return HttpServerResponse.empty()
      }).pipe(Effect.scoped)
    )
  })
)
