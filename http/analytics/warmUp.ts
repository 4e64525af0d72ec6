import { Clock, Effect, Layer } from "effect"
import { Agent, request } from "node:http"
import { make as makeIngestion } from "../../domain/analytics/workflows/ingest.ts"
import type { IngestRequest } from "../../domain/analytics/workflows/ingest.ts"
import { EventLog } from "../../ports/analytics/EventLog.ts"
import { EventStore } from "../../ports/analytics/EventStore.ts"
import { PartStates } from "../../ports/platform/PartStates.ts"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"

/** Longest time that a start spends on it. */
export const warmUpMillisMax = 1_500
const eventsRehearsed = 1_500
const eventsPerSlice = 25
const requestsRehearsed = 300
const connections = 16

/** The write side on ports that keep nothing: every step of ingestion but the disk. */
const rehearsal = Effect.gen(function* () {
  const key = new Uint8Array(32)
  const log = yield* EventLog
  const store = yield* EventStore
  const subjectKeys = yield* SubjectKeys
  return yield* makeIngestion.pipe(
    Effect.provideService(EventLog, { ...log, append: () => Effect.void }),
    Effect.provideService(EventStore, { ...store, contains: () => Effect.succeed(new Set()) }),
    Effect.provideService(SubjectKeys, {
      ...subjectKeys,
      workspaceKey: () => Effect.succeed(key),
      getOrCreate: (_, subjects) =>
        Effect.succeed({ keys: new Map(subjects.map((subject) => [subject, key])), erased: new Set() })
    })
  )
})

const caller: IngestRequest = {
  workspace: WorkspaceId.make("default"),
  keyKind: "browser",
  mayImport: false,
  ip: "192.0.2.1",
  userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"
}

const eventOf = (number: number, now: number): string =>
  JSON.stringify({
    event_id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    event_type: number % 7 === 0 ? "order_completed" : "page_view",
    anonymous_id: `rehearsal-${number}`,
    session_id: "rehearsal",
    timestamp: new Date(now).toISOString(),
    context: { page: { url: `https://example.com/products/${number}?utm_source=rehearsal`, title: "Rehearsal" } },
    properties: {
      number,
      ...(number % 7 === 0 ? { order_id: String(number), total: number, currency: "EUR" } : {}),
      ...(number % 5 === 0 ? { email: `rehearsal-${number}@example.com` } : {})
    }
  })

const rehearseIngestion = Effect.gen(function* () {
  const { ingestBatch, ingestEvent } = yield* rehearsal
  const now = yield* Clock.currentTimeMillis
  for (let number = 0; number < eventsRehearsed; number += 1) {
    yield* ingestEvent(caller, eventOf(number, now))
    if (number % eventsPerSlice !== 0) continue
    const events = Array.from({ length: 4 }, (_, index) => eventOf(number * 10 + index, now))
    yield* ingestBatch(caller, `{"events":[${events.join(",")}]}`)
    yield* Effect.sleep(0)
  }
})

/** One request over a real connection; what answers is the server's own way in and out. */
const askSelf = (agent: Agent, address: { readonly host: string; readonly port: number }) =>
  Effect.callback<void, Error>((resume) => {
    const sent = request({ ...address, agent, path: "/health/live" }, (response) => {
      response.resume().once("end", () => resume(Effect.void))
    })
    sent.once("error", (cause) => resume(Effect.fail(cause))).end()
    return Effect.sync(() => void sent.destroy())
  })

const rehearseServer = (address: { readonly host: string; readonly port: number }) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Agent({ keepAlive: true, maxSockets: connections })),
    (agent) => {
      const ask = askSelf(agent, address)
      const untilOpen = Effect.retry(ask, { while: () => Effect.as(Effect.sleep(20), true) })
      const many = Effect.forEach(Array.from({ length: requestsRehearsed }), () => ask, {
        concurrency: connections,
        discard: true
      })
      return Effect.andThen(untilOpen, many)
    },
    (agent) => Effect.sync(() => agent.destroy())
  )

/** Where this process reaches its own server. */
const ownAddress = ({ host, port }: { readonly host: string; readonly port: number }) => ({
  host: host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host,
  port
})

/**
 * The first requests of a process are slow, because its code is not compiled yet: a rehearsal that stores nothing takes
 * their place, and the process is not ready before its end. It never keeps a process from being ready: it is short, and
 * what fails in it is left at that.
 */
export const layer = (options: { readonly host: string; readonly port: number }) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      let done = false
      const parts = yield* PartStates
      yield* parts.watch("warm_up", () => ({ status: done ? "ok" : "starting" }))
      const rehearsed = Effect.all([rehearseIngestion, rehearseServer(ownAddress(options))], {
        concurrency: "unbounded",
        discard: true
      })
      yield* rehearsed.pipe(
        Effect.timeoutOption(warmUpMillisMax),
        Effect.catchCause((cause) => Effect.logDebug("the rehearsal ended early", cause)),
        Effect.andThen(Effect.sync(() => void (done = true))),
        Effect.forkScoped
      )
    })
  )
