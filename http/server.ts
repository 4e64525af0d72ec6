import { NodeHttpServer } from "@effect/platform-node"
import { ByteSize, Effect, Layer } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApiBuilder, HttpApiScalar, OpenApi } from "effect/http-api"
import { STATUS_CODES } from "node:http"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import * as accounts from "./analytics/accountHandlers.ts"
import * as activity from "./analytics/activityHandlers.ts"
import * as channelRules from "./analytics/channelRuleHandlers.ts"
import * as clicks from "./analytics/clickHandlers.ts"
import * as digests from "./analytics/digestHandlers.ts"
import * as annotations from "./analytics/annotationHandlers.ts"
import * as alerts from "./analytics/alertHandlers.ts"
import * as cohorts from "./analytics/cohortHandlers.ts"
import * as dashboards from "./analytics/dashboardHandlers.ts"
import * as exports from "./analytics/exportHandlers.ts"
import * as erasure from "./analytics/erasureHandlers.ts"
import * as insights from "./analytics/insightHandlers.ts"
import * as shared from "./analytics/sharedHandlers.ts"
import * as funnels from "./analytics/funnelHandlers.ts"
import * as goals from "./analytics/goalHandlers.ts"
import * as analytics from "./analytics/handlers.ts"
import * as heatmaps from "./analytics/heatmapHandlers.ts"
import * as ingest from "./analytics/ingestRoutes.ts"
import * as lake from "./analytics/lakeHandlers.ts"
import * as lifetime from "./analytics/lifetimeHandlers.ts"
import * as paths from "./analytics/pathHandlers.ts"
import * as people from "./analytics/peopleHandlers.ts"
import * as privacy from "./analytics/privacyHandlers.ts"
import * as retentionPolicies from "./analytics/retentionPolicyHandlers.ts"
import * as retention from "./analytics/retentionHandlers.ts"
import * as sessions from "./analytics/sessionHandlers.ts"
import * as attribution from "./analytics/attributionHandlers.ts"
import * as stream from "./analytics/streamRoute.ts"
import * as eventStreams from "./analytics/EventStreams.ts"
import { streamSocketOptions } from "./analytics/StreamSocket.ts"
import { DocumentedApi, ServedApi } from "./contract/Api.ts"
import { jsonBodyBytesMax } from "./contract/bodyLimits.ts"
import { problemContentType } from "./contract/Problem.ts"
import * as directRoutes from "./DirectRoutes.ts"
import { DirectRoutes } from "./DirectRoutes.ts"
import { FrontServer } from "./FrontServer.ts"
import * as health from "./health.ts"
import { holdUntilServed } from "./heldRequests.ts"
import * as admission from "./middleware/admission.ts"
import { problemBody } from "./middleware/problem.ts"
import { makeEdge } from "./middleware/publicAnswers.ts"
import { counted } from "./middleware/requestMetrics.ts"
import { headerBytesMax, headersTimeoutMillis, requestTimeoutMillis } from "./middleware/RequestLimits.ts"
import * as tracing from "./middleware/tracing.ts"
import { connectionsMax, makeOverload } from "./overload.ts"
import * as platform from "./platform/handlers.ts"
import { gated } from "./RequestGate.ts"
import { ServerStop } from "./ServerStop.ts"
import { makeStopping } from "./stopping.ts"
import * as emails from "./platform/emailHandlers.ts"
import * as keys from "./platform/keyHandlers.ts"
import * as records from "./platform/recordHandlers.ts"
import * as changeRequests from "./experiments/changeRequestHandlers.ts"
import * as experiments from "./experiments/experimentHandlers.ts"
import * as experimentPlans from "./experiments/planHandlers.ts"
import * as experimentFlags from "./experiments/flagHandlers.ts"
import * as releases from "./experiments/releaseHandlers.ts"
import * as schedules from "./experiments/scheduleHandlers.ts"
import * as qa from "./experiments/qaHandlers.ts"
import * as unleash from "./experiments/unleashHandlers.ts"
import * as flagPayload from "./experiments/flagPayloadHandlers.ts"
import * as flagStreams from "./experiments/FlagStreams.ts"
import * as growthbook from "./experiments/growthbookHandlers.ts"
import * as ofrep from "./experiments/ofrepHandlers.ts"
import * as tracker from "./tracker.ts"
import * as workspaces from "./platform/workspaceHandlers.ts"

const api = HttpApiBuilder.layer(ServedApi).pipe(
  Layer.provide([
    analytics.layer,
    accounts.layer,
    activity.layer,
    channelRules.layer,
    clicks.layer,
    alerts.layer,
    alerts.incidentsLayer,
    digests.layer,
    annotations.layer,
    cohorts.layer,
    erasure.layer,
    exports.layer,
    funnels.layer,
    goals.layer,
    dashboards.layer,
    insights.layer,
    insights.sharesLayer,
    shared.layer,
    erasure.keysLayer,
    heatmaps.layer,
    paths.layer,
    people.layer,
    privacy.layer,
    retention.layer,
    retentionPolicies.policiesLayer,
    retentionPolicies.holdsLayer,
    lake.layer,
    lifetime.layer,
    attribution.layer,
    sessions.layer,
    experiments.layer,
    changeRequests.layer,
    experimentFlags.layer,
    schedules.layer,
    qa.layer,
    flagPayload.layer,
    releases.layer,
    unleash.layer,
    ofrep.layer,
    growthbook.layer,
    experimentPlans.layer,
    platform.layer,
    workspaces.layer,
    keys.layer,
    emails.layer,
    records.auditLayer,
    records.deadLettersLayer,
    health.layer
  ]),
  Layer.provide(admission.layer)
)

const document = HttpServerResponse.jsonUnsafe(OpenApi.fromApi(DocumentedApi))
const openApi = HttpRouter.add("GET", "/openapi.json", Effect.succeed(document))

const edge = Layer.unwrap(Effect.map(makeEdge, (outermost) => HttpRouter.middleware(outermost, { global: true })))

const served = Layer.mergeAll(
  Layer.provideMerge(edge, HttpRouter.middleware(counted, { global: true })),
  api,
  openApi,
  ingest.layer,
  stream.layer,
  ...tracker.layers,
  HttpApiScalar.layer(DocumentedApi, { path: "/docs", scalar: { withDefaultFonts: false } })
)
const routes = Layer.provide(served, tracing.layer)

/** What is wrong with a request before it is one: answered by hand, in the same words. */
const refuseConnection = (cause: NodeJS.ErrnoException, socket: Socket): void => {
  if (!socket.writable) return
  const [kind, detail] =
    cause.code === "HPE_HEADER_OVERFLOW"
      ? (["headers-too-large", `headers have ${headerBytesMax} bytes at the most`] as const)
      : cause.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? (["timeout", `a request arrives within ${requestTimeoutMillis / 1000} seconds`] as const)
        : (["bad-request", "the request is no HTTP"] as const)
  const { body, status } = problemBody(kind, { detail })
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      `content-type: ${problemContentType}`,
      `content-length: ${Buffer.byteLength(body)}`,
      "access-control-allow-origin: *",
      "connection: close",
      "",
      body
    ].join("\r\n")
  )
}

/** `Expect:` with anything but `100-continue`. */
const refuseExpectation = (_: IncomingMessage, answer: ServerResponse): void => {
  const { body, status } = problemBody("expectation-failed", {
    detail: "the one expectation that is known: 100-continue"
  })
  answer.writeHead(status, { "content-type": problemContentType, connection: "close" }).end(body)
}

/** Longest id of a path, percent-encoded. */
const pathSegmentCharactersMax = 1000

/** The connections: what comes in on them passes the gates, what is open when the server stops is ended. */
const connections = (options: { readonly port: number; readonly host: string }) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const direct = yield* DirectRoutes
      const stop = yield* ServerStop
      const stopping = makeStopping()
      const overload = makeOverload()
      const server = new FrontServer(direct, overload.isFull, {
        maxHeaderSize: headerBytesMax,
        headersTimeout: headersTimeoutMillis,
        requestTimeout: requestTimeoutMillis,
        connectionsCheckingInterval: 1000
      })
      server.maxConnections = connectionsMax
      gated(holdUntilServed(server), [overload.gate, stopping.gate])
        .on("clientError", refuseConnection)
        .on("checkExpectation", refuseExpectation)
      yield* Effect.forkDetach(stopping.endOpen(server, stop))
      return NodeHttpServer.layer(() => server, {
        ...options,
        gracefulShutdownTimeout: "25 seconds",
        websocket: streamSocketOptions
      })
    })
  )

export const layer = (options: { readonly port: number; readonly host: string }) =>
  HttpRouter.serve(routes, {
    disableLogger: true,
    disableListenLog: true,
    routerConfig: { maxParamLength: pathSegmentCharactersMax, caseSensitive: true }
  }).pipe(
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(jsonBodyBytesMax))),
    Layer.provideMerge(connections(options)),
    Layer.provide([directRoutes.layer, eventStreams.layer, flagStreams.layer])
  )
