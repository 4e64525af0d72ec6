import { NodeHttpServerRequest } from "@effect/platform-node"
import { Clock, Context, Effect, Layer, Metric, Schedule, Stream } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { streamEvents } from "../../domain/analytics/workflows/streamEvents.ts"
import {
  eventStreamMillisMax,
  eventStreamsAtOnceMax,
  eventStreamStallMillisMax
} from "../../ports/analytics/EventExport.ts"
import { fromZero } from "../../ports/platform/fromZero.ts"
import { Gauges } from "../../ports/platform/Gauges.ts"
import { TokenProofs } from "../../ports/platform/TokenProofs.ts"
import type { FlatEventStream } from "../../domain/questions/exports/planEventStream.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { retryAfterSeconds } from "../middleware/failures.ts"
import { problem } from "../middleware/problem.ts"
import { sentToken } from "../middleware/sentToken.ts"
import { isRevoked, isStalled } from "../openReaders.ts"
import type { OpenReader } from "../openReaders.ts"
import { leaveRequests } from "../overload.ts"
import { ServerStop } from "../ServerStop.ts"

const sweepEvery = "1 second"

const bytesMade = fromZero(
  Metric.counter("marketing_event_stream_bytes_total", {
    description: "Bytes of raw events that were made for their readers",
    incremental: true
  })
)

const full = (kind: "rate-limited" | "unavailable", detail: string) =>
  problem(kind, { detail, headers: { "retry-after": String(retryAfterSeconds) } })

interface EventReader extends OpenReader {
  readonly key: string
  /** When it is cut however little it takes at a time, in ms UTC: after the time of an answer and that of a stall. */
  readonly until: number
  revoked: boolean
}

/** Answers of raw events that are open, few at once: who takes nothing is cut, who may read no more is told the end. */
const make = Effect.gen(function* () {
  const proofs = yield* TokenProofs
  const stop = yield* ServerStop
  const clock = yield* Clock.Clock
  const readers = new Set<EventReader>()
  yield* (yield* Gauges).observe({
    name: "marketing_event_streams",
    description: "Answers of raw events that are being read",
    read: Effect.sync(() => readers.size)
  })
  const sweep = Effect.suspend(() => {
    const now = clock.currentTimeMillisUnsafe()
    return Effect.forEach(readers, (reader) => {
      if (now >= reader.until || isStalled(reader, now, eventStreamStallMillisMax)) reader.connection.destroy()
      return Effect.map(isRevoked(proofs, reader, now), (revoked) => void (reader.revoked ||= revoked))
    })
  })
  yield* Effect.forkScoped(Effect.repeat(sweep, Schedule.spaced(sweepEvery)))

  const open = Effect.fnUntraced(function* (flat: FlatEventStream) {
    const request = yield* HttpServerRequest.HttpServerRequest
    const principal = yield* CurrentPrincipal
    const { from, keyId, requestId, workspace } = principal
    const key = `${workspace}|${keyId}`
    if ([...readers].some((reader) => reader.key === key))
      return full("rate-limited", "one answer of raw events at once is read with a key")
    if (readers.size >= eventStreamsAtOnceMax)
      return full("unavailable", `${eventStreamsAtOnceMax} answers of raw events are read already`)
    const reader: EventReader = {
      key,
      until: clock.currentTimeMillisUnsafe() + eventStreamMillisMax + eventStreamStallMillisMax,
      connection: NodeHttpServerRequest.toIncomingMessage(request).socket,
      token: sentToken(request)?.token ?? "",
      asked: { from, requestId },
      stalled: undefined,
      revoked: false
    }
    const answer = NodeHttpServerRequest.toServerResponse(request)
    readers.add(reader)
    // Whatever becomes of it: an answer that is refused, cut, or of a HEAD that reads nothing.
    answer.once("close", () => void readers.delete(reader))
    const isOver = () => reader.revoked || stop.isStopping()
    const { bytes, contentType, watermark } = yield* streamEvents(principal, flat, isOver)
    leaveRequests(answer)
    const counted = Stream.tap(bytes, ({ length }) => Metric.update(bytesMade, length))
    // A failure on the way cuts the connection: the reader misses the line of the end.
    return HttpServerResponse.stream(Stream.orDie(counted), {
      contentType,
      headers: { watermark, "cache-control": "private, no-store", "x-accel-buffering": "no" }
    })
  })
  return { open }
})

export class EventStreams extends Context.Service<EventStreams, Effect.Success<typeof make>>()(
  "http/analytics/EventStreams"
) {}

export const layer = Layer.effect(EventStreams, make)
