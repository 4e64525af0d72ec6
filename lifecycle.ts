import { Clock, Effect, Layer } from "effect"
import process from "node:process"
import { Readiness } from "./http/Readiness.ts"
import { ServerStop } from "./http/ServerStop.ts"

/** Longest time from the signal to the end of the process. */
export const drainMillisMax = 30_000
const readyAskedEvery = "100 millis"

/** The lines that tell a process's life: starting, ready, stopping, stopped. */
export const makeLifecycle = (facts: Readonly<Record<string, string | number>>) => {
  const now = Clock.currentTimeMillis
  const secondsSince = (start: number) => Effect.map(now, (end) => (end - start) / 1000)
  let startedAt = 0
  let stoppingAt: number | undefined

  const awaitReady = Effect.gen(function* () {
    const { read } = yield* Readiness
    for (;;) {
      const { parts, status } = yield* read
      if (status === "ready" || status === "degraded") {
        const unwell = parts.filter((part) => part.status !== "ok").map(({ name, reason }) => `${name}: ${reason}`)
        const seconds = yield* secondsSince(startedAt)
        return yield* Effect.logInfo("ready", { seconds, ...(unwell.length === 0 ? {} : { degraded: unwell }) })
      }
      yield* Effect.sleep(readyAskedEvery)
    }
  })

  /** Ends the process where the draining does not end by itself; what was acknowledged is on the disk. */
  const enforceDeadline = Effect.gen(function* () {
    yield* Effect.sleep(drainMillisMax)
    yield* Effect.logError("draining took too long", { seconds: drainMillisMax / 1000 })
    return yield* Effect.sync(() => process.exit(1))
  })

  return {
    /** Built once the data folder is held. */
    starting: Layer.effectDiscard(
      Effect.flatMap(now, (millis) => {
        startedAt = millis
        return Effect.logInfo("starting", facts)
      })
    ),
    /** Stands beside the server. */
    ready: Layer.effectDiscard(Effect.forkScoped(awaitReady)),
    /** Stands above the server, so that it is the first to be taken down: nothing new is accepted, what is open ends. */
    stopping: Layer.effectDiscard(
      Effect.flatMap(ServerStop, (stop) =>
        Effect.addFinalizer(() =>
          Effect.gen(function* () {
            yield* stop.begin
            stoppingAt = yield* now
            yield* Effect.logInfo("stopping")
            yield* Effect.forkDetach(enforceDeadline)
          })
        )
      )
    ),
    /** Runs once everything is closed. */
    stopped: Effect.suspend(() =>
      stoppingAt === undefined
        ? Effect.void
        : Effect.flatMap(secondsSince(stoppingAt), (seconds) => Effect.logInfo("stopped", { drained_seconds: seconds }))
    )
  }
}
