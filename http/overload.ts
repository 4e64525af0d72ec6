import { Context, Metric } from "effect"
import type { EventEmitter } from "node:events"
import { performance } from "node:perf_hooks"
import process from "node:process"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { HttpServerRequest } from "effect/http"
import { fromZero } from "../ports/platform/fromZero.ts"
import { problemContentType } from "./contract/Problem.ts"
import { retryAfterSeconds } from "./middleware/failures.ts"
import { instanceOf } from "./middleware/instance.ts"
import { problemBody } from "./middleware/problem.ts"
import { requestIdOf } from "./middleware/requestId.ts"
import type { Gate } from "./RequestGate.ts"

/** Connections at once; what comes beyond is closed without a word. */
export const connectionsMax = 10_000
/** Requests at once, from their head to their answer. */
export const requestsAtOnceMax = 4096
/**
 * A turn of the event loop that has worked for longer takes no further requests: those that wait must not wait in vain.
 * Time of the processor, so that a process which others keep from running is not taken for one that has too much to do.
 */
export const loopTurnMillisMax = 500
const tickMillis = 20

const shed = fromZero(
  Metric.counter("marketing_http_shed_total", {
    description: "Requests refused with 503 because the process had too much to do",
    incremental: true
  })
)

const leaving = "marketing-leaving"

/** An answer that stays open, a stream of events, is no request that is being served any more: it has a limit of its own. */
export const leaveRequests = (response: EventEmitter): void => void response.emit(leaving)

/** Health must answer when nothing else does: that is what it is for. */
const isHealth = (url: string | undefined): boolean => url?.startsWith("/health/") === true

const refuse = (message: IncomingMessage, response: ServerResponse, detail: string): true => {
  shed.updateUnsafe(1, Context.empty())
  const requestId = requestIdOf(message as unknown as HttpServerRequest.HttpServerRequest)
  const { body, status } = problemBody("unavailable", { detail, instance: instanceOf(message.url ?? ""), requestId })
  response.writeHead(status, {
    "content-type": problemContentType,
    "content-length": Buffer.byteLength(body),
    "retry-after": String(retryAfterSeconds),
    "access-control-allow-origin": "*",
    "x-request-id": requestId
  })
  response.end(body)
  message.resume()
  return true
}

/** Processor time of this thread. */
const workedMillis = (): number => {
  const { system, user } = (process.threadCpuUsage ?? process.cpuUsage)()
  return (system + user) / 1000
}

/** How long the event loop has worked since its last turn. */
const turnOfLoop = () => {
  let at = performance.now()
  let worked = workedMillis()
  setInterval(() => {
    at = performance.now()
    worked = workedMillis()
  }, tickMillis).unref()
  return {
    isOver: (millis: number): boolean => performance.now() - at > millis && workedMillis() - worked > millis
  }
}

/** Refuses at once, at next to no cost, what could only be answered late: with 503 and `Retry-After`. */
export const makeOverload = (): { readonly gate: Gate; readonly isFull: () => boolean } => {
  const turn = turnOfLoop()
  let requests = 0
  const isFull = () => requests >= requestsAtOnceMax || turn.isOver(loopTurnMillisMax)
  const gate: Gate = (message, response) => {
    if (isHealth(message.url)) return false
    if (requests >= requestsAtOnceMax) {
      return refuse(message, response, `${requestsAtOnceMax} requests are served already`)
    }
    if (turn.isOver(loopTurnMillisMax)) return refuse(message, response, "too many requests wait")
    requests += 1
    let isCounted = true
    const leave = () => {
      if (isCounted) requests -= 1
      isCounted = false
    }
    response.once("close", leave).once(leaving, leave)
    return false
  }
  return { gate, isFull }
}
