import { Cause, Effect } from "effect"
import { HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { operations } from "../contract/Api.ts"
import { trackerPath, trackerVersionPath } from "../tracker.ts"
import { instanceOf } from "./instance.ts"
import { locateProblem, problem } from "./problem.ts"
import { requestIdOf } from "./requestId.ts"

type Request = HttpServerRequest.HttpServerRequest
type Answer = HttpServerResponse.HttpServerResponse

/** Pages beside the contract. */
const pages = ["/openapi.json", "/docs", trackerPath, trackerVersionPath]

const methodsByPath = [
  ...Map.groupBy(operations, (operation) => operation.path),
  ...pages.map((path) => [path, [{ method: "GET" }]] as const)
].map(([path, served]) => ({
  pattern: new RegExp(`^${path.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&").replaceAll(/\{\w+\}/g, "[^/]+")}/?$`),
  methods: served.map(({ method }) => method)
}))

/** What may be asked of a path, in the words of `Allow`; nothing where no endpoint has the path. */
export const allowedMethods = (path: string): ReadonlyArray<string> => {
  const methods = new Set(methodsByPath.filter(({ pattern }) => pattern.test(path)).flatMap((each) => each.methods))
  if (methods.size === 0) return []
  if (methods.has("GET")) methods.add("HEAD")
  return [...methods.add("OPTIONS")].toSorted()
}

const allowedHeaders = [
  "authorization",
  "content-type",
  "content-encoding",
  "cache-control",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "if-range",
  "last-event-id",
  "range",
  "traceparent",
  "unleash-appname",
  "unleash-connection-id",
  "unleash-sdk",
  "x-environment",
  "x-qa-link",
  "x-request-id"
].join(", ")
const exposedHeaders = [
  "accept-ranges",
  "allow",
  "content-disposition",
  "content-range",
  "etag",
  "idempotent-replayed",
  "link",
  "location",
  "ratelimit",
  "ratelimit-policy",
  "retry-after",
  "traceresponse",
  "x-event-dropped",
  "x-request-id",
  "x-sse-support"
].join(", ")
const preflightSecondsMax = 86_400

/** Tokens travel in headers, never in cookies: any page may ask, the token decides (browser keys by their origins). */
export const onEveryAnswer = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": exposedHeaders,
  "x-content-type-options": "nosniff"
}
/** The page of documentation brings all that it needs: a browser loads nothing from elsewhere. */
const pagePolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data: blob:; font-src data:; connect-src 'self'"

/**
 * The outermost step of every request: CORS, paths and methods that nobody serves, failures that nobody caught; and
 * every problem names its request.
 */
export const atTheEdge = <E, R>(
  app: Effect.Effect<Answer, E, R>
): Effect.Effect<Answer, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    request.method === "OPTIONS"
      ? Effect.succeed(finish(request, answerOptions(request)))
      : Effect.map(
          Effect.catchCause(app, (cause) => recover(request, cause)),
          (answer) => finish(request, answer)
        )
  )

const pathOf = (request: Request): string => request.url.split("?", 1)[0]!

/** The answer as it leaves: a problem names its request. */
export const finish = (request: Request, answer: Answer): Answer => {
  const requestId = answer.headers["x-request-id"] ?? requestIdOf(request)
  const located =
    answer.status >= 400 ? locateProblem(answer, { instance: instanceOf(request.url), requestId }) : answer
  const page = located.headers["content-type"]?.startsWith("text/html") === true
  return HttpServerResponse.setHeaders(located, {
    ...onEveryAnswer,
    "x-request-id": requestId,
    ...(page ? { "content-security-policy": pagePolicy } : {})
  })
}

const answerOptions = (request: Request): Answer => {
  const methods = allowedMethods(pathOf(request)).join(", ")
  if (methods === "") return nothingHere
  return HttpServerResponse.empty({
    status: 204,
    headers: {
      allow: methods,
      "access-control-allow-methods": methods,
      "access-control-allow-headers": allowedHeaders,
      "access-control-max-age": String(preflightSecondsMax)
    }
  })
}

const nothingHere = problem("not-found", { detail: "no endpoint has this path" })

/** What a failure that nobody caught is on the wire. */
export const recover = <E>(request: Request, cause: Cause.Cause<E>): Effect.Effect<Answer, E> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
  const failure = Cause.squash(cause)
  const reason = HttpServerError.isHttpServerError(failure) ? failure.reason : undefined
  if (reason?._tag === "RouteNotFound") {
    const methods = allowedMethods(pathOf(request))
    if (methods.length === 0 || methods.includes(request.method)) return Effect.succeed(nothingHere)
    const allow = methods.join(", ")
    return Effect.succeed(problem("method-not-allowed", { detail: `the methods here: ${allow}`, headers: { allow } }))
  }
  if (reason?._tag === "RequestParseError") {
    return Effect.succeed(problem("bad-request", { detail: "the request cannot be read" }))
  }
  const requestId = requestIdOf(request)
  return Effect.as(
    Effect.annotateLogs(Effect.logError("unexpected failure", cause), { request_id: requestId }),
    problem("internal", {
      detail: "the failure was noted under the request id",
      headers: { "x-request-id": requestId }
    })
  )
}
