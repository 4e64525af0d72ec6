import { Clock, Data, Effect, Metric, Stream } from "effect"
import { Socket } from "effect/socket"
import type { Socket as Connection } from "node:net"
import type { LiveEvent } from "../../ports/analytics/LiveFeed.ts"
import { fromZero } from "../../ports/platform/fromZero.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import type { TokenProofs } from "../../ports/platform/TokenProofs.ts"

/** Bytes that may wait on the way to one reader. */
export const readerBytesWaitingMax = 256 * 1024
/** A reader that takes nothing for this time while so much waits is dropped. */
export const readerStallMillisMax = 5_000
/** Messages of a client that are passed over in a minute. */
export const clientMessagesMinuteMax = 60
/** A stream ends this long after its token does. */
export const tokenCheckEvery = "1 second"

const readersDropped = fromZero(
  Metric.counter("marketing_stream_readers_dropped_total", {
    description: "WebSockets closed because their reader was too slow",
    incremental: true
  })
)
const closePolicy = 1008
const closeTryLater = 1013

class SlowReader extends Data.TaggedError("SlowReader")<{}> {}

/** Waits until there is room on the way to the reader, who has a time to make some. */
const room = (connection: Connection): Effect.Effect<void, SlowReader> =>
  Effect.suspend(() => {
    if (connection.writableLength <= readerBytesWaitingMax) return Effect.void
    const drained = Effect.callback<void>((resume) => {
      const done = () => resume(Effect.void)
      connection.once("drain", done).once("close", done)
      return Effect.sync(() => void connection.off("drain", done).off("close", done))
    })
    return Effect.timeoutOrElse(drained, {
      duration: readerStallMillisMax,
      orElse: () => Effect.fail(new SlowReader())
    })
  })

/** Sends the events as they come; answers how to close once the reader is too far behind. */
export const push = (
  events: Stream.Stream<LiveEvent, PortFailure>,
  connection: Connection,
  write: Socket.Writer["write"]
): Effect.Effect<Socket.CloseEvent, Socket.SocketError> =>
  Stream.runForEach(events, (event) => Effect.andThen(room(connection), write(JSON.stringify(event)))).pipe(
    Effect.catchTag(["SlowReader", "PortFailure"], () => Metric.update(readersDropped, 1)),
    Effect.as(new Socket.CloseEvent(closeTryLater, "the reader is too slow"))
  )

/** Passes over what the client sends; answers how to close once it is too much. */
export const passOver = Effect.fnUntraced(function* (
  pull: Effect.Effect<ReadonlyArray<unknown>, Socket.SocketError>
): Effect.fn.Return<Socket.CloseEvent, Socket.SocketError> {
  let minute = 0
  let messages = 0
  for (;;) {
    const batch = yield* pull
    const now = Math.floor((yield* Clock.currentTimeMillis) / 60_000)
    messages = now === minute ? messages + batch.length : batch.length
    minute = now
    if (messages > clientMessagesMinuteMax) {
      return new Socket.CloseEvent(closePolicy, `${clientMessagesMinuteMax} messages a minute at the most`)
    }
  }
})

/** Answers how to close once the token counts no more: it has expired, or was revoked. */
export const untilRefused = Effect.fnUntraced(function* (
  proofs: TokenProofs["Service"],
  token: string,
  asked: { readonly from: string | undefined; readonly requestId: string }
): Effect.fn.Return<Socket.CloseEvent> {
  for (;;) {
    yield* Effect.sleep(tokenCheckEvery)
    if (proofs.known(token, yield* Clock.currentTimeMillis) !== undefined) continue
    // Where the proofs' store is away the stream goes on, as it was proven, until it can be asked again.
    const proven = yield* Effect.option(proofs.prove(token, asked))
    if (proven._tag === "Some" && typeof proven.value === "string") {
      return new Socket.CloseEvent(closePolicy, `the token is no longer accepted: ${proven.value}`)
    }
  }
})
