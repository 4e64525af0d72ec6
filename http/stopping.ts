import { Effect, Schedule } from "effect"
import type { IncomingMessage, Server } from "node:http"
import type { Gate } from "./RequestGate.ts"
import type { ServerStop } from "./ServerStop.ts"

/** A request whose body was still coming when the server began to stop has this long to come whole. */
export const bodyMillisMax = 5_000
/** An answer that was being made then has this long. */
export const answerMillisMax = 20_000

const idleEvery = "100 millis"

/** Knows which requests have not come whole, and ends what would hold up the end of the process. */
export const makeStopping = () => {
  const coming = new Set<IncomingMessage>()
  const gate: Gate = (message, response) => {
    coming.add(message)
    const came = () => void coming.delete(message)
    message.once("end", came)
    response.once("close", came)
    return false
  }
  /** Once the stop has begun. */
  const endOpen = (server: Server, stop: ServerStop["Service"]): Effect.Effect<void> =>
    Effect.gen(function* () {
      yield* stop.awaitStop
      // A connection that fell idle since the stop began may not wait for its client's next request.
      yield* Effect.forkDetach(
        Effect.repeat(
          Effect.sync(() => server.closeIdleConnections()),
          Schedule.spaced(idleEvery)
        )
      )
      yield* Effect.sleep(bodyMillisMax)
      for (const message of coming) message.socket.destroy()
      yield* Effect.sleep(answerMillisMax - bodyMillisMax)
      server.closeAllConnections()
    })
  return { gate, endOpen }
}
