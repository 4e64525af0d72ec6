import { NodeRuntime } from "@effect/platform-node"
import { Cause, Effect, Exit, Layer, Schedule } from "effect"
import { readFileSync } from "node:fs"
import process from "node:process"
import { embedded } from "./adapters/wiring.ts"
import { banner } from "./banner.ts"
import { readConfiguration } from "./configuration.ts"
import type { Configuration } from "./configuration.ts"
import * as droppedEvents from "./domain/analytics/DroppedEvents.ts"
import * as privacySignals from "./domain/analytics/PrivacySignals.ts"
import * as visitorIds from "./domain/analytics/VisitorIds.ts"
import { applyErasures } from "./domain/analytics/workflows/erasePerson.ts"
import { applyAllMerges } from "./domain/analytics/workflows/mergePeople.ts"
import * as eventIntake from "./domain/analytics/EventIntake.ts"
import * as cohortMembers from "./domain/analytics/CohortMembers.ts"
import * as experimentEvidence from "./domain/analytics/ExperimentEvidence.ts"
import * as exposures from "./domain/experiments/Exposures.ts"
import * as flagSnapshots from "./domain/experiments/FlagSnapshots.ts"
import * as recentContexts from "./domain/experiments/RecentContexts.ts"
import * as flagUsage from "./domain/experiments/FlagUsage.ts"
import * as releaseWatch from "./domain/experiments/ReleaseWatch.ts"
import * as stickyAssignments from "./domain/experiments/StickyAssignments.ts"
import * as auditLog from "./domain/platform/AuditLog.ts"
import * as deadLetters from "./domain/platform/DeadLetters.ts"
import * as settings from "./domain/platform/settings.ts"
import * as tokenProofs from "./domain/platform/TokenProofs.ts"
import { createDefaultWorkspace } from "./domain/platform/workspaces.ts"
import * as warmUp from "./http/analytics/warmUp.ts"
import * as metrics from "./http/metrics.ts"
import { RequestLimits } from "./http/middleware/RequestLimits.ts"
import * as readiness from "./http/Readiness.ts"
import * as server from "./http/server.ts"
import * as serverStop from "./http/ServerStop.ts"
import { makeLifecycle } from "./lifecycle.ts"
import * as logging from "./logging.ts"
import { modules } from "./modules.ts"
import { LakeInterval } from "./workers/fillLake.ts"
import { runJob } from "./workers/runJob.ts"
import { Gauges, makeGauges } from "./ports/platform/Gauges.ts"
import { makePartStates, PartStates } from "./ports/platform/PartStates.ts"
import { PersonalData } from "./ports/privacy/PersonalData.ts"

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as {
  readonly version: string
}

/** The whole service: server on top, workers beside it, the world below. */
const service = (configuration: Configuration, lifecycle: ReturnType<typeof makeLifecycle>) => {
  const world = embedded({
    dataFolder: configuration.dataFolder,
    geoDatabase: configuration.geoDatabase,
    sqlMillisMax: configuration.sqlSeconds * 1000,
    jwks: configuration.jwks,
    email: configuration.email,
    computations: new URL("workers/computing.ts", import.meta.url),
    tracing: configuration.tracing === undefined ? undefined : { ...configuration.tracing, version },
    collections: modules.flatMap((module) => module.collections)
  })
  const personalData = Layer.effect(
    PersonalData,
    Effect.forEach(modules, ({ name, personalData: { of } }) => Effect.map(of, (each) => ({ module: name, ...each })))
  )
  const counted = Layer.provideMerge(Layer.mergeAll(droppedEvents.layer, privacySignals.layer), settings.layer)
  const offered = Layer.mergeAll(
    Layer.provideMerge(
      personalData,
      Layer.merge(
        Layer.provideMerge(flagSnapshots.layer, Layer.provideMerge(cohortMembers.layer, counted)),
        recentContexts.layer
      )
    ),
    Layer.provideMerge(tokenProofs.layer, counted),
    auditLog.layer,
    stickyAssignments.layer,
    releaseWatch.layer,
    flagUsage.layer,
    Layer.provideMerge(
      Layer.mergeAll(Layer.provide(exposures.layer, eventIntake.layer), experimentEvidence.layer),
      Layer.provideMerge(visitorIds.layer, counted)
    ),
    deadLetters.layer
  )
  const consumers = modules.flatMap((module) => Object.values(module.consumers))
  const workers = Layer.effectDiscard(
    Effect.forEach(consumers, (consumer) => Effect.forkScoped(persistently(consumer)), { discard: true })
  )
  const jobs = modules.flatMap((module) => Object.entries(module.jobs))
  const first = Layer.effectDiscard(
    createDefaultWorkspace.pipe(
      Effect.andThen(applyAllMerges),
      Effect.andThen(applyErasures),
      Effect.andThen(Effect.forEach(jobs, ([name, job]) => Effect.forkScoped(runJob(name, job)), { discard: true }))
    )
  )
  const limits = Layer.succeed(RequestLimits, {
    perMinute: configuration.perMinute,
    trustedHops: configuration.trustedHops
  })
  const http = Layer.mergeAll(
    server.layer(configuration),
    metrics.layer({ host: configuration.host, port: configuration.metricsPort, version }),
    workers,
    first,
    lifecycle.ready
  )
  return lifecycle.stopping.pipe(
    Layer.provideMerge(http),
    Layer.provide([readiness.layer, warmUp.layer(configuration)]),
    Layer.provide([serverStop.layer, limits]),
    Layer.provide(offered),
    Layer.provide(lifecycle.starting),
    Layer.provide(world),
    Layer.provide(Layer.succeed(LakeInterval, configuration.lakeSeconds * 1000)),
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
  Effect.suspend(() => {
    const { dataFolder, host, port } = configuration
    const lifecycle = makeLifecycle({ version, pid: process.pid, host, port, data_folder: dataFolder })
    const said = Layer.effectDiscard(Effect.sync(() => process.stderr.write(banner(configuration))))
    return Effect.ensuring(Layer.launch(Layer.provideMerge(said, service(configuration, lifecycle))), lifecycle.stopped)
  })

const clearLine = (text: string) =>
  Effect.andThen(
    Effect.sync(() => process.stderr.write(`${text}\n`)),
    Effect.sync(() => process.exit(1))
  )

/** Why a port cannot be listened on, and what to set. */
const closedPort = (
  { host, metricsPort }: Configuration,
  cause: NodeJS.ErrnoException & { readonly port?: number }
): string => {
  const name = cause.port === metricsPort ? "METRICS_PORT" : "PORT"
  const why = cause.code === "EADDRINUSE" ? "is in use by another process" : `cannot be opened (${cause.message})`
  return `Port ${cause.port ?? ""} of ${host} ${why}. Set ${name} to a free one.`
}

const main = Effect.suspend(() => {
  const read = readConfiguration(process.env)
  if ("mistakes" in read)
    return clearLine(`The configuration is not valid:\n${read.mistakes.map((each) => `  ${each}`).join("\n")}`)
  return start(read).pipe(
    Effect.catchTag(["DataFolderInUse", "DataFolderUnusable", "PortFailure"], (failure) => clearLine(failure.message)),
    Effect.catchTag("ServeError", ({ cause }) => clearLine(closedPort(read, cause as NodeJS.ErrnoException))),
    Effect.tapCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError("the process ends", cause)
    ),
    Effect.provide(logging.layer(read.logLevel))
  )
})

/** What was thrown where no effect catches it: one line, and the end; a supervisor starts the process anew. */
const endOnUncaught = (cause: unknown): void => {
  Effect.runSync(
    Effect.provide(Effect.logError("thrown outside of any effect", Cause.die(cause)), logging.layer("error"))
  )
  process.exit(1)
}

if (import.meta.main || process.env["BROXIVA_START"] === "yes") {
  process.on("uncaughtException", endOnUncaught)
  NodeRuntime.runMain(main, {
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)
  })
}
