import { NodeHttpServer } from "@effect/platform-node"
import { ByteSize, Effect, Layer } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApiBuilder, HttpApiScalar, OpenApi } from "effect/http-api"
import { PrometheusMetrics } from "effect/observability"
import { createServer } from "node:http"
import type { Socket } from "node:net"
import * as analytics from "./analytics/handlers.ts"
import * as ingest from "./analytics/ingestRoutes.ts"
import * as stream from "./analytics/streamRoute.ts"
import { Api, ServedApi } from "./contract/Api.ts"
import * as health from "./health.ts"
import * as admission from "./middleware/admission.ts"
import { problem } from "./middleware/problem.ts"
import {
  headerBytesMax,
  headersTimeoutMillis,
  jsonBodyBytesMax,
  requestTimeoutMillis
} from "./middleware/RequestLimits.ts"
import * as platform from "./platform/handlers.ts"

const api = HttpApiBuilder.layer(ServedApi).pipe(
  Layer.provide([analytics.layer, platform.layer, health.layer]),
  Layer.provide(admission.layer)
)

const document = HttpServerResponse.jsonUnsafe(OpenApi.fromApi(Api))
const openApi = HttpRouter.add("GET", "/openapi.json", Effect.succeed(document))

const nothingHere = HttpRouter.add("*", "/*", (request) =>
  Effect.succeed(
    problem("not-found", { detail: "no endpoint has this method and path", instance: request.url.split("?", 1)[0] })
  )
)

/** Tokens travel in headers, never in cookies: any page may ask, the token decides (browser keys by their origins). */
const cors = HttpRouter.cors({
  allowedOrigins: ["*"],
  allowedMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
  allowedHeaders: [
    "authorization",
    "content-type",
    "content-encoding",
    "if-match",
    "if-none-match",
    "traceparent",
    "x-request-id"
  ],
  exposedHeaders: ["etag", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id", "x-event-dropped"],
  maxAge: 86_400
})

const routes = Layer.mergeAll(
  cors,
  api,
  openApi,
  ingest.layer,
  stream.layer,
  HttpApiScalar.layer(Api, { path: "/docs" }),
  nothingHere
)

/** What is wrong with a request before it is one: answered by hand, in the same words. */
const refuseConnection = (cause: NodeJS.ErrnoException, socket: Socket): void => {
  if (!socket.writable) return
  const [status, title] =
    cause.code === "HPE_HEADER_OVERFLOW"
      ? ["431 Request Header Fields Too Large", `headers have ${headerBytesMax} bytes at the most`]
      : cause.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? ["408 Request Timeout", "The request came too slowly"]
        : ["400 Bad Request", "The request is no HTTP"]
  const body = JSON.stringify({ type: "about:blank", title, status: Number(status.slice(0, 3)), detail: title })
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  )
}

export const layer = (options: { readonly port: number; readonly host: string }) =>
  HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(jsonBodyBytesMax))),
    Layer.provideMerge(
      NodeHttpServer.layer(
        () => {
          const server = createServer({
            maxHeaderSize: headerBytesMax,
            headersTimeout: headersTimeoutMillis,
            requestTimeout: requestTimeoutMillis,
            connectionsCheckingInterval: 1000
          })
          return server.on("clientError", refuseConnection)
        },
        { ...options, gracefulShutdownTimeout: "25 seconds" }
      )
    )
  )

/** Prometheus metrics on a port of their own. */
export const metricsLayer = (options: { readonly port: number; readonly host: string }) =>
  HttpRouter.serve(PrometheusMetrics.layerHttp({ path: "/metrics" }), {
    disableLogger: true,
    disableListenLog: true
  }).pipe(Layer.provide(NodeHttpServer.layer(createServer, options)))
