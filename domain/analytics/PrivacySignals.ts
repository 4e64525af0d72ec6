import { Clock, Effect, Layer, Schedule, Semaphore } from "effect"
import { isReservedId } from "../../ports/analytics/EventStore.ts"
import { commitWritesMax, DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../ports/documents/DocumentStore.ts"
import { privacyPreferences } from "../../ports/privacy/PrivacyRequest.ts"
import type { PrivacyPreference } from "../../ports/privacy/PrivacyRequest.ts"
import { PrivacySignals, signalsWaitingMax } from "../../ports/privacy/PrivacySignals.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { withoutConflict } from "../platform/withoutConflict.ts"

const writeEvery = "2 seconds"
/** Objections that are known to be kept, so that each event of a browser costs no more than a look into a set. */
const knownMax = 100_000

/** Objections in memory, each kept once as a decision about sale; an objection that stands already stays as it is. */
export const layer: Layer.Layer<never, never, DocumentStore> = Layer.effect(
  PrivacySignals,
  Effect.gen(function* () {
    const documents = yield* DocumentStore
    const writing = yield* Semaphore.make(1)
    const waiting = new Map<string, { readonly workspace: WorkspaceId; readonly subject: string }>()
    const known = new Set<string>()

    const objects = (workspace: WorkspaceId, subject: string): void => {
      const key = `${workspace}|${subject}`
      if (known.has(key) || waiting.size >= signalsWaitingMax || isReservedId(subject)) return
      waiting.set(key, { workspace, subject })
    }

    const keep = Effect.fnUntraced(function* (workspace: WorkspaceId, subjects: ReadonlyArray<string>) {
      const changed_at = yield* Clock.currentTimeMillis
      const writes: Array<DocumentWrite> = []
      for (const subject of subjects) {
        const standing = yield* documents.get(workspace, privacyPreferences.name, subject)
        if ((standing?.data as PrivacyPreference | undefined)?.do_not_sell === true) continue
        const data: PrivacyPreference = { person_id: subject, do_not_sell: true, source: "gpc", changed_at }
        const put = { kind: "put", expected: "any", schema_version: 1 } as const
        writes.push({ ...put, collection: privacyPreferences.name, id: subject, subjects: [subject], data })
      }
      for (let at = 0; at < writes.length; at += commitWritesMax)
        yield* withoutConflict(documents.commit(workspace, { writes: writes.slice(at, at + commitWritesMax) }))
    })

    const writeAll = writing.withPermits(1)(
      Effect.suspend(() => {
        const all = [...waiting]
        waiting.clear()
        const byWorkspace = Map.groupBy(all, ([, { workspace }]) => workspace)
        return Effect.forEach(
          byWorkspace,
          ([workspace, own]) =>
            Effect.matchEffect(
              keep(
                workspace,
                own.map(([, { subject }]) => subject)
              ),
              {
                onSuccess: () =>
                  Effect.sync(() => {
                    if (known.size + own.length > knownMax) known.clear()
                    for (const [key] of own) known.add(key)
                  }),
                onFailure: (failure) => {
                  for (const [key, each] of own) waiting.set(key, each)
                  return Effect.logWarning(`objections of browsers are not kept yet: ${failure.message}`)
                }
              }
            ),
          { discard: true }
        )
      })
    )
    yield* Effect.addFinalizer(() => writeAll)
    yield* Effect.forkScoped(Effect.repeat(writeAll, Schedule.spaced(writeEvery)))
    return { objects }
  })
)
