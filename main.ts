import { NodeRuntime } from "@effect/platform-node"
import { Cause, Effect, Exit, Layer, Logger, Schedule } from "effect"
import process from "node:process"
import { embedded } from "./adapters/wiring.ts"
import { banner } from "./banner.ts"
import { readConfiguration } from "./configuration.ts"
import type { Configuration } from "./configuration.ts"
import { applyAllMerges } from "./domain/analytics/workflows/mergePeople.ts"
import * as auditLog from "./domain/platform/AuditLog.ts"
import * as deadLetters from "./domain/platform/DeadLetters.ts"
import * as keys from "./domain/platform/keys.ts"
import * as settings from "./domain/platform/settings.ts"
import { RequestLimits } from "./http/middleware/RequestLimits.ts"
import * as server from "./http/server.ts"
import * as serverStop from "./http/ServerStop.ts"
import { modules } from "./modules.ts"
import { Gauges, makeGauges } from "./ports/platform/Gauges.ts"
import { makePartStates, PartStates } from "./ports/platform/PartStates.ts"

/** The whole service: server on top, workers beside it, the world below. */
export const service = (configuration: Configuration) => {
  const world = embedded({
    dataFolder: configuration.dataFolder,
    geoDatabase: configuration.geoDatabase,
    collections: modules.flatMap((module) => module.collections)
  })
  const offered = Layer.mergeAll(settings.layer, keys.layer, auditLog.layer, deadLetters.layer)
  const consumers = modules.flatMap((module) => Object.values(module.consumers))
  const workers = Layer.effectDiscard(
    Effect.forEach(consumers, (consumer) => Effect.forkScoped(persistently(consumer)), { discard: true })
  )
  const merges = Layer.effectDiscard(applyAllMerges)
  const limits = Layer.succeed(RequestLimits, {
    perMinute: configuration.perMinute,
    trustedHops: configuration.trustedHops
  })
  const http = Layer.mergeAll(
    server.layer(configuration),
    server.metricsLayer({ host: configuration.host, port: configuration.metricsPort }),
    workers,
    merges
  )
  return serverStop.beginFirst.pipe(
    Layer.provideMerge(http),
    Layer.provide([serverStop.layer, limits]),
    Layer.provide(offered),
    Layer.provide(world),
    Layer.provide([Layer.sync(PartStates, makePartStates), Layer.sync(Gauges, makeGauges)])
  )
}

/** A consumer deals with its own failures; one that could not even begin is begun again, never silently gone. */
const persistently = <E, R>(consumer: Effect.Effect<never, E, R>) =>
  consumer.pipe(
    Effect.sandbox,
    Effect.tapError((cause) => Effect.logError("a consumer ended and is begun again", cause)),
    Effect.retry(Schedule.spaced("5 seconds"))
  )

const start = (configuration: Configuration) =>
  Layer.launch(
    Layer.provideMerge(
      Layer.effectDiscard(Effect.sync(() => process.stdout.write(banner(configuration)))),
      service(configuration)
    )
  ).pipe(Effect.provide(Logger.layer([Logger.consoleJson])))

const clearLine = (text: string) =>
  Effect.andThen(
    Effect.sync(() => process.stderr.write(`${text}\n`)),
    Effect.sync(() => process.exit(1))
  )

const main = Effect.suspend(() => {
  const read = readConfiguration(process.env)
  if ("mistakes" in read)
    return clearLine(`The configuration is not valid:\n${read.mistakes.map((each) => `  ${each}`).join("\n")}`)
  return start(read).pipe(Effect.catchTag(["DataFolderInUse", "PortFailure"], (failure) => clearLine(failure.message)))
})

if (import.meta.main || process.env["BROXIVA_START"] === "yes") {
  NodeRuntime.runMain(main, {
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)
  })
}
