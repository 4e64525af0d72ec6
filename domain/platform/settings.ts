import { Clock, Effect, Layer, Schedule, Stream } from "effect"
import type { SecureRandom } from "effect/crypto"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { Collection, DocumentWrite, DuplicateKey, StaleRevision } from "../../ports/documents/DocumentStore.ts"
import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"
import { keptRevisions, revisionsKeptMax } from "../../ports/documents/Revision.ts"
import { ChangeNotices } from "../../ports/platform/ChangeNotices.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import { settingsInitial, SettingsSource } from "../../ports/platform/Settings.ts"
import type { Settings } from "../../ports/platform/Settings.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { exponentOf } from "../money/minorUnits.ts"
import { isZone } from "../zones/zones.ts"
import { auditOf } from "./audit.ts"
import type { Actor } from "./audit.ts"
import { dropOldNotes, noteOfChange } from "./noteOfChange.ts"

export const collection: Collection = { name: "settings", indexes: [], unique: [] }
const id = "workspace"
const topic = "settings"
const refreshEvery = "1 second"

export interface RevisedSettings {
  /** 0 until they are first set. */
  readonly revision: number
  readonly settings: Settings
}

export const readSettings = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, collection.name, id)
  const revised: RevisedSettings = {
    revision: found?.revision ?? 0,
    settings: (found?.data as Settings) ?? settingsInitial
  }
  return revised
})

const errorsOf = (settings: Settings): ReadonlyArray<FieldError> => [
  ...(isZone(settings.time_zone)
    ? []
    : [{ pointer: "/time_zone", code: "unknown_zone", detail: `${settings.time_zone} is no IANA time zone` }]),
  ...(exponentOf(settings.currency) === undefined
    ? [{ pointer: "/currency", code: "unknown_currency", detail: `${settings.currency} is no ISO 4217 currency` }]
    : [])
]

/** Numbers may look different from then on: a note says why. */
const notesOf = (actor: Actor, before: Settings, after: Settings, at: number): ReadonlyArray<DocumentWrite> => {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
  const changed = names.filter((name) => {
    const [old, now] = [before, after].map((each) => JSON.stringify(each[name as keyof Settings]))
    return old !== now
  })
  if (changed.length === 0) return []
  const note = { about: `${collection.name}/${actor.workspace}`, text: `Settings changed: ${changed.join(", ")}` }
  return [noteOfChange({ ...note, at, keyId: actor.keyId })]
}

const kept = `${collection.name}/${id}`
const keptId = (revision: number): string => `${kept}/${revision}`

const keep = (settings: Settings, revision: number): DocumentWrite => ({
  kind: "put",
  collection: keptRevisions.name,
  id: keptId(revision),
  expected: "any",
  schema_version: 1,
  subjects: [],
  data: { of: kept, revision, item: settings }
})

/** Both, so that what a former version of the product saved is kept as well; the newest {@link revisionsKeptMax}. */
const keepNext = (before: RevisedSettings, settings: Settings): ReadonlyArray<DocumentWrite> => {
  const { revision } = before
  const forgotten = keptId(revision + 1 - revisionsKeptMax)
  return [
    ...(revision === 0 ? [] : [keep(before.settings, revision)]),
    keep(settings, revision + 1),
    ...(revision < revisionsKeptMax
      ? []
      : [{ kind: "delete", collection: keptRevisions.name, id: forgotten, expected: "any" } as const])
  ]
}

/** The settings that have been in force, newest first, as far as they are kept. */
export const settingsOfBefore = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const documents = yield* DocumentStore
  const at = { workspace, collection: keptRevisions.name, index: "by_revision", equals: [kept] }
  const { items } = yield* documents
    .list({ ...at, limit: revisionsKeptMax })
    .pipe(Effect.catchTag("InvalidCursor", Effect.die))
  const revised = items.map(({ data }) => data as { readonly revision: number; readonly item: Settings })
  const all = revised.map(({ item }) => item)
  return [...all, settingsInitial]
})

/** Replaces the settings that stand at the revision. */
export const changeSettings = Effect.fn("changeSettings")(function* (
  actor: Actor,
  settings: Settings,
  revision: number
): Effect.fn.Return<
  RevisedSettings,
  Refused | PortFailure | StaleRevision | DuplicateKey,
  DocumentStore | ChangeNotices | SecureRandom.SecureRandom
> {
  const errors = errorsOf(settings)
  if (errors.length > 0)
    return yield* new Refused({ kind: "bad-request", detail: "the settings are not valid", errors })
  const documents = yield* DocumentStore
  const notices = yield* ChangeNotices
  const before = yield* readSettings(actor.workspace)
  const now = yield* Clock.currentTimeMillis
  const [next = revision + 1] = yield* documents.commit(actor.workspace, {
    writes: [
      {
        kind: "put",
        collection: collection.name,
        id,
        expected: revision,
        schema_version: 1,
        subjects: [],
        data: settings
      },
      ...keepNext({ revision, settings: before.settings }, settings),
      ...notesOf(actor, before.settings, settings, now)
    ],
    audit: [yield* auditOf(actor, now, "settings.changed", `settings/${actor.workspace}`, before.settings, settings)]
  })
  yield* notices.publish({ workspace: actor.workspace, topic, revision: next })
  yield* Effect.ignore(dropOldNotes(actor.workspace))
  return { revision: next, settings }
})

/** Settings of every workspace that was loaded, refreshed by notice, and each second in case one was lost. */
export const layer: Layer.Layer<SettingsSource, PortFailure, DocumentStore | ChangeNotices> = Layer.effect(
  SettingsSource,
  Effect.gen(function* () {
    const context = yield* Effect.context<DocumentStore>()
    const notices = yield* ChangeNotices
    const known = new Map<WorkspaceId, Settings>()
    const read = (workspace: WorkspaceId) =>
      Effect.map(readSettings(workspace), ({ settings }) => void known.set(workspace, settings)).pipe(
        Effect.provideContext(context)
      )
    const refresh = (workspace: WorkspaceId) => Effect.ignore(read(workspace))
    const heard = yield* notices.listen
    yield* Effect.forkScoped(
      Effect.ignore(
        Stream.runForEach(heard, (notice) =>
          notice.topic === topic && known.has(notice.workspace) ? refresh(notice.workspace) : Effect.void
        )
      )
    )
    const refreshAll = Effect.suspend(() => Effect.forEach([...known.keys()], refresh, { discard: true }))
    yield* Effect.forkScoped(Effect.repeat(refreshAll, Schedule.spaced(refreshEvery)))
    return SettingsSource.of({
      current: (workspace) => known.get(workspace) ?? settingsInitial,
      load: (workspace) => (known.has(workspace) ? Effect.void : read(workspace))
    })
  })
)
