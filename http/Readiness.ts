import { Clock, Context, Effect, Layer } from "effect"
import { EventLog } from "../ports/analytics/EventLog.ts"
import { EventStore } from "../ports/analytics/EventStore.ts"
import { DocumentStore } from "../ports/documents/DocumentStore.ts"
import { PartStates } from "../ports/platform/PartStates.ts"
import type { PartReason, PartState, WatchedPart } from "../ports/platform/PartStates.ts"
import type { PortFailure } from "../ports/PortFailure.ts"
import { SubjectKeys } from "../ports/privacy/SubjectKeys.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"
import type { Health } from "./contract/health.ts"
import { withoutConflict } from "../domain/platform/withoutConflict.ts"
import { ServerStop } from "./ServerStop.ts"

const probed = WorkspaceId.make("default")
const probeTimeout = "2 seconds"
/** Probes of the stores are made again after this time, however often somebody asks. */
const probesKept = "1 second"

/** Whether requests should come here, and how each part fares. */
export class Readiness extends Context.Service<Readiness, { readonly read: Effect.Effect<Health> }>()(
  "http/Readiness"
) {}

/** What cannot be reached or read does not serve; what is busy or full serves in part. */
const stateOf = (reason: PartReason): PartState => ({
  status: reason === "unavailable" || reason === "corrupt" ? "down" : "degraded",
  reason
})

const probe = <A>(name: string, call: Effect.Effect<A, PortFailure>): Effect.Effect<WatchedPart> =>
  call.pipe(
    Effect.map((): PartState => ({ status: "ok" })),
    Effect.catch((failure) => Effect.succeed(stateOf(failure.reason))),
    Effect.timeoutOrElse({ duration: probeTimeout, orElse: () => Effect.succeed(stateOf("timeout")) }),
    Effect.catchDefect(() => Effect.succeed(stateOf("defect"))),
    Effect.map((state) => ({ name, ...state }))
  )

const severity = ["ok", "degraded", "starting", "down"] as const

/** One entry a name: what a probe finds and what the part says of itself are one part, as well as the worse of the two. */
const merged = (parts: ReadonlyArray<WatchedPart>): ReadonlyArray<WatchedPart> => {
  const byName = new Map<string, WatchedPart>()
  for (const part of parts) {
    const other = byName.get(part.name)
    const worse = other === undefined || severity.indexOf(part.status) > severity.indexOf(other.status)
    if (worse) byName.set(part.name, part)
  }
  return [...byName.values()]
}

const statusOf = (parts: ReadonlyArray<WatchedPart>): Health["status"] => {
  const worst = Math.max(0, ...parts.map(({ status }) => severity.indexOf(status)))
  return severity[worst] === "ok" ? "ready" : severity[worst]!
}

/** Remembers since when each part is as it is, where the part itself does not say. */
const rememberSince = () => {
  const known = new Map<string, { readonly key: string; readonly since: number }>()
  return ({ name, reason, since, status }: WatchedPart, now: number): number | undefined => {
    const key = `${status}|${reason}`
    const before = known.get(name)
    if (before?.key !== key) known.set(name, { key, since: since ?? now })
    return since ?? known.get(name)!.since
  }
}

export const layer = Layer.effect(
  Readiness,
  Effect.gen(function* () {
    const log = yield* EventLog
    const store = yield* EventStore
    const documents = yield* DocumentStore
    const subjectKeys = yield* SubjectKeys
    const stop = yield* ServerStop
    const watched = yield* PartStates
    const since = rememberSince()
    const readAndWrite = Effect.andThen(
      documents.get(probed, "settings", "workspace"),
      withoutConflict(documents.commit(probed, { writes: [] }))
    )
    const probes = yield* Effect.cachedWithTTL(
      Effect.all(
        [
          probe("event_log", log.append([])),
          probe("event_store", store.position("0")),
          probe("documents", readAndWrite),
          probe("subject_keys", subjectKeys.getOrCreate(probed, []))
        ],
        { concurrency: "unbounded" }
      ),
      probesKept
    )
    const read = Effect.gen(function* () {
      const parts = merged([...(yield* probes), ...watched.read()])
      const now = yield* Clock.currentTimeMillis
      const shown = parts.map((part) => {
        const { name, reason, status } = part
        const from = since(part, now)
        if (status === "ok") return { name, status }
        return {
          name,
          status,
          ...(reason === undefined ? {} : { reason }),
          ...(from === undefined ? {} : { since: new Date(from).toISOString() })
        }
      })
      return { status: stop.isStopping() ? ("stopping" as const) : statusOf(parts), parts: shown }
    })
    return Readiness.of({ read })
  })
)
