import { Cause, Clock, Effect, Schedule } from "effect"
import {
  eventExports,
  exportAttemptsMax,
  exportBytesMax,
  exportEventsMax,
  exportKeptMillis,
  exportMillisMax,
  exportQueue,
  exportsAtOnceMax
} from "../../../ports/analytics/EventExport.ts"
import type { EventExport } from "../../../ports/analytics/EventExport.ts"
import { EventSpool } from "../../../ports/analytics/EventSpool.ts"
import type { SpoolOrder } from "../../../ports/analytics/EventSpool.ts"
import type { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import type { PortFailure } from "../../../ports/PortFailure.ts"
import { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { everywhere } from "../../platform/installation.ts"
import { openReferences } from "../../privacy/openReferences.ts"
import { planExport } from "../../questions/exports/planExport.ts"
import { restrictedIds } from "../privacy/restrictions.ts"
import { questionScope } from "./askQuestion.ts"
import { awaitLake } from "./awaitLake.ts"
import { dequeue, fileOf, partsOfSpoolName, putExport, spoolName } from "./exports.ts"

const lookEvery = "500 millis"
/** A place in the queue without an export is one whose making broke off, once it is so old. */
const orphanMillis = 60_000
const progressEveryMillis = 2000
const retryPause = "2 seconds"

interface Queued {
  readonly workspace: WorkspaceId
  readonly item: EventExport
}

type Failure = NonNullable<EventExport["failure"]>

/** Why a writing came to no file. */
class Unwritable {
  readonly _tag = "Unwritable"
  readonly failure: Failure
  constructor(failure: Failure) {
    this.failure = failure
  }
}

/** The export was cancelled, deleted or begun anew meanwhile: nobody waits for this writing. */
class Abandoned {
  readonly _tag = "Abandoned"
}

/** A round: every export that is asked for, some at once; another workspace's one goes before a second of the same. */
export const writeExports = Effect.gen(function* () {
  yield* removeAbandoned
  const atWork = new Map<string, WorkspaceId>()
  const lane = Effect.gen(function* () {
    for (;;) {
      const next = yield* nextQueued(atWork)
      if (next === undefined && atWork.size === 0) return
      if (next === undefined) yield* Effect.sleep(lookEvery)
      else if (!atWork.has(next.item.id)) {
        atWork.set(next.item.id, next.workspace)
        yield* Effect.ensuring(
          writeQueued(next),
          Effect.sync(() => void atWork.delete(next.item.id))
        )
      }
    }
  })
  yield* Effect.all(
    Array.from({ length: exportsAtOnceMax }, () => lane),
    { concurrency: "unbounded", discard: true }
  )
})

/** Files of exports that are not there any more: they expired, or a process ended in between. */
const removeAbandoned = Effect.gen(function* () {
  const spool = yield* EventSpool
  const documents = yield* DocumentStore
  for (const name of yield* spool.names) {
    const { id, workspace } = partsOfSpoolName(name)
    const found = yield* documents.get(WorkspaceId.make(workspace), eventExports.name, id)
    const item = found?.data as EventExport | undefined
    if (item === undefined || spoolName({ ...item, workspace }) !== name) yield* spool.remove(name)
  }
})

/** The first export that waits, of a workspace without one at work if there is one. Places without an export are passed over. */
const nextQueued = Effect.fnUntraced(function* (atWork: ReadonlyMap<string, WorkspaceId>) {
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const { items } = yield* documents
    .list({ workspace: everywhere, collection: exportQueue.name, index: "by_time", equals: [], limit: listLimitMax })
    .pipe(Effect.catchTag("InvalidCursor", Effect.die))
  const busy = new Set(atWork.values())
  let first: Queued | undefined
  for (const { data, id, revision } of items) {
    if (atWork.has(id)) continue
    const { requested_at, workspace } = data as { readonly workspace: WorkspaceId; readonly requested_at: number }
    if (first !== undefined && busy.has(workspace)) continue
    const item = (yield* documents.get(workspace, eventExports.name, id))?.data as EventExport | undefined
    if (item !== undefined && (item.status === "queued" || item.status === "running")) {
      if (!busy.has(workspace)) return { workspace, item }
      first ??= { workspace, item }
    } else if (item !== undefined || now - requested_at > orphanMillis) yield* dequeue(id, revision)
  }
  return first
})

/** Writes one export to its end, whatever that is; what failed for a while is tried some times. */
const writeQueued = Effect.fnUntraced(function* ({ item, workspace }: Queued) {
  yield* Effect.raceFirst(write(workspace, item), abandoned(workspace, item)).pipe(
    Effect.retry({
      schedule: Schedule.spaced(retryPause),
      times: exportAttemptsMax - 1,
      while: (failure) => failure._tag === "PortFailure" && failure.retriable
    }),
    Effect.timeoutOrElse({
      duration: exportMillisMax,
      orElse: () =>
        Effect.fail(
          new Unwritable({ code: "too_long", detail: `it took longer than ${exportMillisMax / 3_600_000} hours` })
        )
    }),
    Effect.catchCause((cause) => giveUp(workspace, item, cause))
  )
})

const giveUp = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  item: EventExport,
  cause: Cause.Cause<PortFailure | Abandoned | Unwritable>
) {
  if (Cause.hasInterruptsOnly(cause)) return yield* Effect.interrupt
  const failure = Cause.squash(cause)
  if (failure instanceof Abandoned) return yield* (yield* EventSpool).remove(spoolName({ ...item, workspace }))
  if (!(failure instanceof Unwritable)) yield* Effect.logError("an export failed", cause, { export: item.id })
  const told: Failure =
    failure instanceof Unwritable
      ? failure.failure
      : { code: "unavailable", detail: "the service could not write it: ask for it again later" }
  const now = yield* Clock.currentTimeMillis
  const ended = { status: "failed", failure: told, finished_at: now, gone_at: now + exportKeptMillis } as const
  yield* Effect.catchTag(change(workspace, item, ended), "Abandoned", () => Effect.void)
  yield* (yield* EventSpool).remove(spoolName({ ...item, workspace }))
})

/** Ends, as a failure, once nobody waits for this writing any more. */
const abandoned = Effect.fnUntraced(function* (workspace: WorkspaceId, { id, run }: EventExport) {
  const documents = yield* DocumentStore
  for (;;) {
    yield* Effect.sleep(lookEvery)
    const item = (yield* documents.get(workspace, eventExports.name, id))?.data as EventExport | undefined
    if (item === undefined || item.run !== run || item.status === "cancelled")
      return yield* Effect.fail(new Abandoned())
  }
})

/** Says how far it is, unless somebody has decided otherwise meanwhile. */
const change = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { id, run }: EventExport,
  changes: Partial<EventExport>
) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, eventExports.name, id)
  const item = found?.data as EventExport | undefined
  if (found === undefined || item === undefined || item.run !== run || item.status === "cancelled") {
    return yield* Effect.fail(new Abandoned())
  }
  yield* documents.commit(workspace, { writes: [putExport({ ...item, ...changes }, found.revision)] }).pipe(
    Effect.catchTags({
      StaleRevision: () => Effect.fail(new Abandoned()),
      DuplicateKey: (failure) => Effect.die(failure)
    })
  )
})

const orderOf = Effect.fnUntraced(function* (workspace: WorkspaceId, item: EventExport) {
  const subjectKeys = yield* SubjectKeys
  const invalid = (errors: InvalidQuestion["errors"]) => {
    const detail = errors.map((error) => `${error.pointer}: ${error.detail}`).join("; ")
    return Effect.fail(new Unwritable({ code: "invalid", detail }))
  }
  const scope = questionScope(workspace, item).pipe(Effect.catchTag("InvalidQuestion", ({ errors }) => invalid(errors)))
  const read = planExport(item, yield* scope)
  if ("errors" in read) return yield* invalid(read.errors)
  const { columns, filter, fromMillis, toMillis } = read.planned
  const form = item.format === "csv" ? "csv" : "json"
  const order: SpoolOrder = {
    workspace,
    format: item.format,
    columns,
    fromMillis,
    toMillis,
    filter,
    restricted: yield* restrictedIds(workspace),
    arrivedBeforeMicros: (item.created_at + 1) * 1000,
    escapesFormulas: item.spreadsheet_safe ?? true,
    clear: columns.includes("personal")
      ? (text) => Effect.provideService(openReferences(workspace, text, form), SubjectKeys, subjectKeys)
      : undefined
  }
  return order
})

const tooLarge = (exceeds: "events" | "bytes"): Unwritable => {
  const limit = exceeds === "events" ? `${exportEventsMax} events` : `${exportBytesMax} bytes`
  return new Unwritable({ code: "too_large", detail: `a file holds ${limit} at the most: ask for less, or in several` })
}

/** Part by part; one that was written before something broke off is not written again. */
const write = Effect.fnUntraced(function* (workspace: WorkspaceId, item: EventExport) {
  const spool = yield* EventSpool
  const name = spoolName({ ...item, workspace })
  yield* change(workspace, item, { status: "running", started_at: item.started_at ?? (yield* Clock.currentTimeMillis) })
  // Running first: who is restricted from here on has it begun anew.
  const order = yield* orderOf(workspace, item)
  const complete_to = yield* awaitLake(workspace, item.created_at)
  const parts = yield* spool.parts(name, order)
  let said = 0
  let [events, bytes] = [0, 0]
  for (const [at, each] of parts.entries()) {
    const limits = { eventsMax: exportEventsMax - events, bytesMax: exportBytesMax - bytes }
    const part = yield* spool.writePart(name, order, each, limits)
    if (part.exceeds !== undefined) return yield* Effect.fail(tooLarge(part.exceeds))
    events += part.events
    bytes += part.bytes
    const now = yield* Clock.currentTimeMillis
    if (now - said < progressEveryMillis) continue
    said = now
    const progress = { parts: parts.length, parts_done: at + 1, events, bytes }
    yield* change(workspace, item, { progress })
  }
  const whole = yield* spool.finish(name, order)
  const now = yield* Clock.currentTimeMillis
  yield* change(workspace, item, {
    status: "finished",
    finished_at: now,
    gone_at: now + exportKeptMillis,
    complete_to,
    progress: { parts: parts.length, parts_done: parts.length, events, bytes },
    file: fileOf(item, whole.events, whole.bytes)
  })
})
