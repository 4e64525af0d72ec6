import { NodeHttpServerRequest } from "@effect/platform-node"
import { Clock, Context, Effect, Layer, Metric, Queue, Schedule, Stream } from "effect"
import type { Cause, Scope } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { snapshotFor } from "../../domain/experiments/workflows/evaluateFlags.ts"
import {
  flagStreamBeatMillis,
  flagStreamRetryMillis,
  flagStreamsBrowserMax,
  flagStreamsKeyMax,
  flagStreamsMax,
  flagStreamStallMillisMax
} from "../../ports/experiments/FlagPayload.ts"
import { FlagSnapshots } from "../../ports/experiments/FlagSnapshots.ts"
import type { FlagSnapshot } from "../../ports/experiments/FlagSnapshots.ts"
import { fromZero } from "../../ports/platform/fromZero.ts"
import { Gauges } from "../../ports/platform/Gauges.ts"
import { TokenProofs } from "../../ports/platform/TokenProofs.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import type { Refused } from "../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import type { Rules } from "../contract/EndpointRules.ts"
import { addressKey, clientAddress } from "../middleware/clientAddress.ts"
import { retryAfterSeconds } from "../middleware/failures.ts"
import { problem } from "../middleware/problem.ts"
import { RequestLimits } from "../middleware/RequestLimits.ts"
import { sentToken } from "../middleware/sentToken.ts"
import { isRevoked, isStalled } from "../openReaders.ts"
import type { OpenReader } from "../openReaders.ts"
import { leaveRequests } from "../overload.ts"
import { ServerStop } from "../ServerStop.ts"

/** One event of a stream; the same object for all readers who are told the same. */
export interface StreamMessage {
  readonly event: string
  /** One line. */
  readonly data: string
  /** What it says, where its text also says when; one that says the same again is not sent. */
  readonly tag?: string
}

export interface AskedStream<R> {
  readonly rules: Rules
  readonly environment: string | undefined
  /** What a reader is told of a snapshot. */
  readonly tell: (snapshot: FlagSnapshot) => Effect.Effect<StreamMessage, PortFailure | Refused, R>
}

/**
 * Server-sent events (HTML standard, 9.2) that tell what an environment's flags are: what stands at once, then each
 * change. Only the newest state waits for a reader, however slow; one that takes nothing is dropped. The id of an event
 * is the revision: a reader that comes back with it as `Last-Event-ID` is told what is newer, and nothing else.
 */
export class FlagStreams extends Context.Service<
  FlagStreams,
  {
    readonly open: <R>(
      asked: AskedStream<R>
    ) => Effect.Effect<
      HttpServerResponse.HttpServerResponse,
      PortFailure | Refused,
      CurrentPrincipal | HttpServerRequest.HttpServerRequest | FlagSnapshots | R
    >
  }
>()("http/experiments/FlagStreams") {}

interface OpenStream extends OpenReader {
  readonly wake: Queue.Queue<void, Cause.Done>
  toldAt: number
}

const dropped = fromZero(
  Metric.counter("marketing_flag_stream_readers_dropped_total", {
    description: "Streams of flags cut because their reader took nothing",
    incremental: true
  })
)
const sweepEvery = "1 second"
const encoder = new TextEncoder()
const opening = encoder.encode(`retry: ${flagStreamRetryMillis}\n\n`)
const beat = encoder.encode(":\n\n")
const nothing = new Uint8Array()

export const layer = Layer.effect(
  FlagStreams,
  Effect.gen(function* () {
    const snapshots = yield* FlagSnapshots
    const proofs = yield* TokenProofs
    const stop = yield* ServerStop
    const limits = yield* RequestLimits
    const clock = yield* Clock.Clock
    const streams = new Set<OpenStream>()
    const byReader = new Map<string, number>()
    yield* (yield* Gauges).observe({
      name: "marketing_flag_streams",
      description: "Streams of flags that are open",
      read: Effect.sync(() => streams.size)
    })

    const count = (reader: string, more: number) => {
      const now = (byReader.get(reader) ?? 0) + more
      if (now === 0) byReader.delete(reader)
      else byReader.set(reader, now)
    }
    const whileOpen = (stream: OpenStream, reader: string): Effect.Effect<void, never, Scope.Scope> =>
      Effect.acquireRelease(
        Effect.sync(() => {
          streams.add(stream)
          count(reader, 1)
        }),
        () =>
          Effect.sync(() => {
            streams.delete(stream)
            count(reader, -1)
          })
      )

    const sweep = Effect.suspend(() => {
      const now = clock.currentTimeMillisUnsafe()
      const unproven: Array<OpenStream> = []
      for (const stream of streams) {
        if (isStalled(stream, now, flagStreamStallMillisMax)) {
          dropped.updateUnsafe(1, Context.empty())
          stream.connection.destroy()
        } else if (proofs.known(stream.token, now) === undefined) unproven.push(stream)
        else if (now - stream.toldAt >= flagStreamBeatMillis) Queue.offerUnsafe(stream.wake, undefined)
      }
      return Effect.forEach(unproven, (stream) =>
        Effect.map(isRevoked(proofs, stream, now), (revoked) => {
          if (revoked) Queue.endUnsafe(stream.wake)
        })
      )
    })
    yield* Effect.forkScoped(Effect.repeat(sweep, Schedule.spaced(sweepEvery)))
    yield* Effect.forkScoped(
      Effect.andThen(
        stop.awaitStop,
        Effect.sync(() => {
          for (const { wake } of streams) Queue.endUnsafe(wake)
        })
      )
    )

    const body = <R>(stream: OpenStream, reader: string, at: Place, tell: AskedStream<R>["tell"]) => {
      const { environment, workspace } = at
      let { seen } = at
      let told: string | undefined
      const next = Effect.gen(function* () {
        const snapshot = snapshots.known(workspace, environment)
        const now = clock.currentTimeMillisUnsafe()
        if (snapshot === undefined) Queue.endUnsafe(stream.wake)
        if (snapshot === undefined || snapshot.revision === seen) {
          if (now - stream.toldAt < flagStreamBeatMillis) return nothing
          stream.toldAt = now
          return beat
        }
        const message = yield* Effect.option(tell(snapshot))
        if (message._tag === "None") {
          Queue.endUnsafe(stream.wake)
          return nothing
        }
        seen = snapshot.revision
        const { data, tag = data } = message.value
        if (tag === told) return nothing
        told = tag
        stream.toldAt = now
        return bytesOf(message.value, snapshot.revision)
      })
      const started = Effect.gen(function* () {
        yield* whileOpen(stream, reader)
        yield* snapshots.watch(workspace, () => void Queue.offerUnsafe(stream.wake, undefined))
        Queue.offerUnsafe(stream.wake, undefined)
        if (stop.isStopping()) Queue.endUnsafe(stream.wake)
        const changes = Stream.filter(
          Stream.mapEffect(Stream.fromQueue(stream.wake), () => next),
          (bytes) => bytes.length > 0
        )
        return Stream.concat(Stream.succeed(opening), changes)
      })
      return Stream.unwrap(started)
    }

    return FlagStreams.of({
      open: Effect.fnUntraced(function* <R>({ environment, rules, tell }: AskedStream<R>) {
        const request = yield* HttpServerRequest.HttpServerRequest
        const principal = yield* CurrentPrincipal
        const { kind, keyId, workspace } = principal
        const isBrowser = kind === "browser"
        const address = isBrowser ? addressKey(clientAddress(request, limits.trustedHops)) : ""
        const reader = `${workspace}|${keyId}|${address}`
        const known = yield* snapshotFor(principal, environment)
        const readerMax = isBrowser ? flagStreamsBrowserMax : flagStreamsKeyMax
        if ((byReader.get(reader) ?? 0) >= readerMax) {
          return full("rate-limited", `${readerMax} streams at once are allowed here`)
        }
        if (streams.size >= flagStreamsMax) return full("unavailable", `${flagStreamsMax} streams at the most`)
        const last = Number(request.headers["last-event-id"] ?? Number.NaN)
        // Another process had a newer state than this one.
        if (last > known.revision) yield* snapshots.refresh(workspace)
        const stream: OpenStream = {
          wake: yield* Queue.sliding<void, Cause.Done>(1),
          connection: NodeHttpServerRequest.toIncomingMessage(request).socket,
          token: sentToken(request, rules.clientKey)?.token ?? "",
          asked: { from: principal.from, requestId: principal.requestId },
          toldAt: clock.currentTimeMillisUnsafe(),
          stalled: undefined
        }
        leaveRequests(NodeHttpServerRequest.toServerResponse(request))
        const services = yield* Effect.context<R>()
        const at = { workspace, environment: known.environment, seen: last }
        const events = body(stream, reader, at, tell)
        return HttpServerResponse.stream(Stream.provideContext(events, services), {
          contentType: "text/event-stream",
          headers: { "cache-control": "no-store", "x-accel-buffering": "no" }
        })
      })
    })
  })
)

interface Place {
  readonly workspace: WorkspaceId
  readonly environment: string
  /** The revision that the reader has. */
  readonly seen: number
}

const full = (kind: "rate-limited" | "unavailable", detail: string) =>
  problem(kind, { detail, headers: { "retry-after": String(retryAfterSeconds) } })

const encoded = new WeakMap<StreamMessage, Uint8Array>()

/** As it goes over the wire; made once for a message that many are told. */
const bytesOf = (message: StreamMessage, revision: number): Uint8Array => {
  const known = encoded.get(message)
  if (known !== undefined) return known
  const bytes = encoder.encode(`id: ${revision}\nevent: ${message.event}\ndata: ${message.data}\n\n`)
  encoded.set(message, bytes)
  return bytes
}
