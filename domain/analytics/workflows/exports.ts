import { Clock, Effect, Schedule } from "effect"
import { SecureRandom } from "effect/crypto"
import {
  eventExports,
  exportFormats,
  exportKeptMillis,
  exportQueue,
  exportsHeldMax
} from "../../../ports/analytics/EventExport.ts"
import type { EventExport, NewExport } from "../../../ports/analytics/EventExport.ts"
import { EventSpool } from "../../../ports/analytics/EventSpool.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite, DuplicateKey } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { once } from "../../platform/idempotency.ts"
import { everywhere } from "../../platform/installation.ts"
import { gatherItems, readItem } from "../../platform/resources.ts"
import { naming } from "../../platform/revisions.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { planExport } from "../../questions/exports/planExport.ts"
import { questionScope } from "./askQuestion.ts"
import { permitPersonalData } from "./permitPersonalData.ts"

export interface ExportActor extends Actor {
  readonly mayReadPersonalData: boolean
}

/** Its filters may compare with ids of people. */
const exportKind = { name: eventExports.name, singular: eventExports.singular }

interface Named extends Pick<EventExport, "id" | "run"> {
  readonly workspace: string
}

/** The spooled file of a writing. */
export const spoolName = ({ id, run, workspace }: Named): string => `${workspace}.${id}.${run}`

export const partsOfSpoolName = (name: string): Pick<Named, "id" | "workspace"> => {
  const [workspace = "", id = ""] = name.split(".")
  return { workspace, id }
}

export const putExport = (item: EventExport, expected: number): DocumentWrite => ({
  kind: "put",
  collection: eventExports.name,
  id: item.id,
  expected,
  schema_version: 1,
  subjects: [],
  ...(item.gone_at === null ? {} : { expires_at: item.gone_at }),
  data: item
})

const enqueue = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string, requested_at: number) {
  const documents = yield* DocumentStore
  const data = { workspace, export: id, requested_at }
  const write = {
    kind: "put",
    collection: exportQueue.name,
    id,
    expected: "any",
    schema_version: 1,
    subjects: []
  } as const
  yield* withoutConflict(documents.commit(everywhere, { writes: [{ ...write, data }] }))
})

/** Takes the export out of the queue, unless it was put there once more since that revision. */
export const dequeue = Effect.fnUntraced(function* (id: string, revision: number | "any") {
  const documents = yield* DocumentStore
  const write = { kind: "delete", collection: exportQueue.name, id, expected: revision } as const
  yield* withoutConflict(
    Effect.catchTag(documents.commit(everywhere, { writes: [write] }), "StaleRevision", () => Effect.void)
  )
})

const nothingYet = {
  status: "queued",
  started_at: null,
  finished_at: null,
  gone_at: null,
  complete_to: null,
  progress: { parts: 0, parts_done: 0, events: 0, bytes: 0 },
  file: null,
  failure: null
} as const

const refuseMany = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const held = yield* gatherItems(eventExports, workspace, ({ id }: EventExport) => [id])
  if (held.length < exportsHeldMax) return
  const detail = `a workspace holds ${exportsHeldMax} exports: delete one first`
  return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code: "too_many_exports", detail }] })
})

/** Asks for a file of events, which is written behind the answer. */
export const createExport = Effect.fn("createExport")(function* (actor: ExportActor, asked: NewExport) {
  const { workspace } = actor
  const documents = yield* DocumentStore
  const read = planExport(asked, yield* questionScope(workspace, asked))
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  if (asked.personal_data === true) yield* permitPersonalData(actor, "exports")
  const { subjectsOf } = yield* naming(workspace, exportKind)
  return yield* once<EventExport, DuplicateKey, DocumentStore | SecureRandom.SecureRandom>(
    actor,
    Effect.fnUntraced(function* (remember) {
      yield* refuseMany(workspace)
      const now = yield* Clock.currentTimeMillis
      const id = yield* Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV7())
      const item: EventExport = {
        ...asked,
        id,
        created_at: now,
        created_by: actor.keyId,
        run: 1,
        ...nothingYet
      }
      // First the place in the queue; without the export itself it is passed over.
      yield* enqueue(workspace, id, now)
      yield* documents.commit(workspace, {
        writes: [putExport(item, 0)],
        audit: [yield* auditOf(actor, now, "export.created", `exports/${id}`, undefined, asked, subjectsOf(asked))],
        ...remember(item)
      })
      return item
    })
  )
})

/** The writer changes exports meanwhile: what was decided on an older revision is decided again. */
const againWhereStale = <A, E extends { readonly _tag: string }, R>(
  decide: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.retry(decide, {
    schedule: Schedule.spaced("20 millis"),
    times: 50,
    while: ({ _tag }) => _tag === "StaleRevision"
  })

/** Stops the writing; what was written goes. */
export const cancelExport = Effect.fn("cancelExport")(function* (actor: Actor, id: string) {
  const documents = yield* DocumentStore
  const { workspace } = actor
  const cancelled = Effect.gen(function* () {
    const { item, revision } = yield* readItem<EventExport>(eventExports, workspace, id)
    if (item.status !== "queued" && item.status !== "running") {
      const detail = `the export is ${item.status} already`
      return yield* new Refused({ kind: "conflict", detail, errors: [] })
    }
    const now = yield* Clock.currentTimeMillis
    const after: EventExport = { ...item, status: "cancelled", finished_at: now, gone_at: now + exportKeptMillis }
    const record = yield* auditOf(actor, now, "export.cancelled", `exports/${id}`)
    const [changed = 0] = yield* documents.commit(workspace, { writes: [putExport(after, revision)], audit: [record] })
    return { item: after, revision: changed }
  })
  const done = yield* againWhereStale(cancelled)
  yield* (yield* EventSpool).remove(spoolName({ ...done.item, workspace }))
  return done
})

/** Deletes the export and its file, finished or not. */
export const removeExport = Effect.fn("removeExport")(function* (actor: Actor, id: string) {
  const documents = yield* DocumentStore
  const { item } = yield* readItem<EventExport>(eventExports, actor.workspace, id)
  const now = yield* Clock.currentTimeMillis
  const { subjectsOf } = yield* naming(actor.workspace, exportKind)
  const record = yield* auditOf(actor, now, "export.deleted", `exports/${id}`, item, undefined, subjectsOf(item))
  yield* documents.commit(actor.workspace, {
    writes: [{ kind: "delete", collection: eventExports.name, id, expected: "any" }],
    audit: [record]
  })
  yield* dequeue(id, "any")
  yield* (yield* EventSpool).remove(spoolName({ ...item, workspace: actor.workspace }))
})

/** The finished file; reading personal data is noted once per request. */
export const openExport = Effect.fn("openExport")(function* (actor: ExportActor, id: string) {
  const { item } = yield* readItem<EventExport>(eventExports, actor.workspace, id)
  if (item.personal_data === true) yield* permitPersonalData(actor, `exports/${id}`)
  if (item.file === null) {
    const detail = `the export is ${item.status}: its file is there once it is finished`
    return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code: "not_finished", detail }] })
  }
  const spooled = spoolName({ ...item, workspace: actor.workspace })
  if (!(yield* (yield* EventSpool).names).includes(spooled)) {
    // The service was set up from a backup, which holds no files.
    return yield* new Refused({ kind: "not-found", detail: "the file is gone: ask for another export", errors: [] })
  }
  const { bytes, content_type, name } = item.file
  return { spool: spooled, bytes, contentType: content_type, name }
})

export const fileOf = (item: EventExport, events: number, bytes: number): EventExport["file"] => ({
  path: `/analytics/exports/${item.id}/file`,
  name: `events-${new Date(item.created_at).toISOString().slice(0, 10)}-${item.id.slice(-12)}.${exportFormats[item.format].ending}`,
  content_type: exportFormats[item.format].contentType,
  events,
  bytes
})

/**
 * Takes away every file of the workspace, whole or not, and has them written anew: somebody who may be in them was
 * erased or restricted, or counts again. Answers how many.
 */
export const rewriteExports = Effect.fn("rewriteExports")(function* (workspace: WorkspaceId) {
  const documents = yield* DocumentStore
  const spool = yield* EventSpool
  const ids = yield* gatherItems(eventExports, workspace, ({ id, status }: EventExport) =>
    status === "running" || status === "finished" ? [id] : []
  )
  for (const id of ids) {
    const begunAnew = Effect.gen(function* () {
      const found = yield* documents.get(workspace, eventExports.name, id)
      if (found === undefined) return
      const item = found.data as EventExport
      if (item.status !== "running" && item.status !== "finished") return
      yield* enqueue(workspace, id, item.created_at)
      yield* documents.commit(workspace, {
        writes: [putExport({ ...item, ...nothingYet, run: item.run + 1 }, found.revision)]
      })
      yield* spool.remove(spoolName({ ...item, workspace }))
    })
    yield* againWhereStale(begunAnew).pipe(Effect.catchTag(["StaleRevision", "DuplicateKey"], Effect.die))
  }
  return ids.length
})
