import { Clock, Effect } from "effect"
import { DocumentStore, listLimitMax, StaleRevision } from "../../../ports/documents/DocumentStore.ts"
import type { Collection, DocumentWrite } from "../../../ports/documents/DocumentStore.ts"
import type { Resource, Stamps } from "../../../ports/documents/Resource.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import { environments, flags, holdouts, production, segments } from "../../../ports/experiments/Flag.ts"
import type { Environment, Flag, Holdout, Segment } from "../../../ports/experiments/Flag.ts"
import { definitionsMax } from "../../../ports/experiments/FlagFile.ts"
import { releases } from "../../../ports/experiments/GuardedRelease.ts"
import type { GuardedRelease } from "../../../ports/experiments/GuardedRelease.ts"
import { FlagSnapshots } from "../../../ports/experiments/FlagSnapshots.ts"
import { qaOverrides } from "../../../ports/experiments/QaOverride.ts"
import type { QaOverride } from "../../../ports/experiments/QaOverride.ts"
import { ChangeNotices } from "../../../ports/platform/ChangeNotices.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor, AuditEntry } from "../../platform/audit.ts"
import { dropOldNotes, noteOfChange } from "../../platform/noteOfChange.ts"
import { createItem, gatherItems, named, putItem, removeItem, replaceItem } from "../../platform/resources.ts"
import type { User } from "../../platform/resources.ts"
import { storedIds } from "../../privacy/storedIds.ts"
import { subjectsOfDefinition } from "../definitionPeople.ts"
import type { Catalogue } from "../changes/Catalogue.ts"
import type { Definitions } from "../evaluation/fileOf.ts"

/** The one revision of all definitions of a workspace: a document that every change writes. */
export const flagRevisions: Collection = { name: "flag_revisions", indexes: [], unique: [] }
export const revisionId = "workspace"
/** What every definition was, from when on. */
export const definitionHistory: Collection = {
  name: "definition_history",
  unique: [],
  indexes: [
    { name: "by_time", equals: [], sort: "changed_at", direction: "ascending" },
    { name: "by_definition", equals: ["kind", "id"], sort: "changed_at", direction: "descending" },
    { name: "by_id", equals: ["kind"], sort: "id", direction: "ascending" }
  ]
}
export const topic = "flags"

/** A definition as it stood from `changed_at` on; `null`: deleted. */
export interface PastDefinition {
  readonly kind: string
  readonly id: string
  readonly changed_at: number
  readonly changed_by: string
  readonly item: unknown
  /** Not of what was kept before it was said. */
  readonly change?: Change["verb"]
  /** The change request by which it became so. */
  readonly change_request?: string
}

/** What evaluation rests on is live: a change raises the workspace's revision, is kept as history, and is told at once. */
export type Live = Pick<Resource<never, never>, "name" | "singular">

/** A kind whose documents say whom their conditions, lists and metrics name. */
interface Naming extends Live {
  readonly subjectsOf: (item: unknown) => ReadonlyArray<string>
}

export const naming = (workspace: WorkspaceId, { name, singular }: Live) =>
  Effect.map(storedIds(workspace), (stored): Naming => ({
    name,
    singular,
    subjectsOf: (item) => subjectsOfDefinition(name, item, stored)
  }))

/** A change of a flag may be seen in the numbers. */
const noteOf = ({ name, singular }: Live, id: string, changed: Change): ReadonlyArray<DocumentWrite> =>
  name === flags.name
    ? [
        noteOfChange({
          about: `${name}/${id}`,
          text: changed.note ?? `${singular.slice(0, 1).toUpperCase()}${singular.slice(1)} ${id} ${changed.verb}`,
          at: changed.at,
          keyId: changed.keyId
        })
      ]
    : []

interface Change {
  readonly verb: "made" | "changed" | "deleted"
  readonly at: number
  readonly keyId: string
  readonly request?: string
  /** What the note of it says, where it is more than that it was changed. */
  readonly note?: string | undefined
}

/** Digits of the greatest revision: ids of one millisecond are in the order of their changes. */
const revisionDigits = String(Number.MAX_SAFE_INTEGER).length

/** A definition's note and history, to be committed with its change; `standing`: what {@link raisedRevision} is given. */
export const historyOf = (
  kind: Naming,
  id: string,
  change: Change,
  item: unknown,
  standing: number
): ReadonlyArray<DocumentWrite> => {
  const { at, keyId, request } = change
  const by = { changed_by: keyId, ...(request === undefined ? {} : { change_request: request }) }
  const past: PastDefinition = { kind: kind.name, id, changed_at: at, ...by, change: change.verb, item }
  const put = { kind: "put", expected: 0, schema_version: 1 } as const
  const subjects = item === null ? [] : kind.subjectsOf(item)
  // Several changes may come in a millisecond, each at a revision of its own.
  const historyId = `${kind.name}/${id}/${at}/${String(standing).padStart(revisionDigits, "0")}`
  return [
    ...noteOf(kind, id, change),
    { ...put, collection: definitionHistory.name, id: historyId, subjects, data: past }
  ]
}

const alsoWritten = (kind: Naming, id: string, change: Change, item: unknown, standing: number) => [
  raisedRevision(change.at, standing),
  ...historyOf(kind, id, change, item, standing)
]

/** Makes every process read the definitions anew; `standing`: those that the change was checked against. */
export const raisedRevision = (changed_at: number, standing: number | "any"): DocumentWrite => ({
  kind: "put",
  collection: flagRevisions.name,
  id: revisionId,
  expected: standing,
  schema_version: 1,
  subjects: [],
  data: { changed_at }
})

export const told = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const notices = yield* ChangeNotices
  const snapshots = yield* FlagSnapshots
  // The change is durable: whoever does not hear of it polls.
  yield* Effect.ignore(snapshots.refresh(workspace))
  yield* Effect.ignore(notices.publish({ workspace, topic, revision: 0 }))
  yield* Effect.ignore(dropOldNotes(workspace))
})

/** What a change was checked against: the revision of all definitions, and how many of the kind there are. */
interface Standing {
  readonly revision: number
  readonly count: number
}

/** Another change came between the look at the definitions and the commit. */
const isOvertaken = (failure: unknown): boolean =>
  failure instanceof StaleRevision && failure.collection === flagRevisions.name

const overtakenTriesMax = 5

/** A look at the definitions, a check and a commit, once more where another change came in between. */
export const untilSettled = <A, E, R>(change: Effect.Effect<A, E, R>): Effect.Effect<A, E | Refused, R> =>
  change.pipe(
    Effect.retry({ times: overtakenTriesMax, while: isOvertaken }),
    Effect.catchIf(isOvertaken, () => {
      const detail = "other definitions change all the time: try again"
      return Effect.fail(new Refused({ kind: "conflict", detail, errors: [] }))
    })
  )

export const createLive = Effect.fnUntraced(function* <Definition extends { readonly key?: string }>(
  live: Live,
  actor: Actor,
  definition: Definition,
  { count, revision: standing }: Standing
) {
  if (count >= definitionsMax) {
    const detail = `a workspace has at most ${definitionsMax} of ${live.name}`
    return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code: "too_many", detail }] })
  }
  const kind = yield* naming(actor.workspace, live)
  const also = (id: string, item: Definition & Stamps) =>
    alsoWritten(kind, id, { verb: "made", at: item.changed_at, keyId: actor.keyId }, item, standing)
  const made = yield* createItem(kind, actor, definition, also, definition.key)
  yield* told(actor.workspace)
  return made
})

export const replaceLive = Effect.fnUntraced(function* <Definition extends object>(
  live: Live,
  actor: Actor,
  id: string,
  definition: Definition,
  revision: number,
  standing: number,
  /** What else is written with it. */
  also: ReadonlyArray<DocumentWrite> = []
) {
  const kind = yield* naming(actor.workspace, live)
  const replaced = yield* replaceItem(kind, actor, id, definition, revision, (item) => [
    ...alsoWritten(kind, id, { verb: "changed", at: item.changed_at, keyId: actor.keyId }, item, standing),
    ...also
  ])
  yield* told(actor.workspace)
  return replaced
})

/** One of several definitions that are replaced together. */
export interface LiveReplacement {
  readonly kind: Live
  readonly before: Stamps
  readonly after: object
  /** The one that is replaced. */
  readonly revision: number
  readonly note?: string | undefined
  /** What the audit log says of it; that it was changed where nothing is said. */
  readonly action?: string | undefined
}

/** Replaces definitions in one transaction at one revision of them all, with what else is true from then on. */
export const replaceTogether = Effect.fnUntraced(function* (
  actor: Actor,
  at: number,
  replacements: ReadonlyArray<LiveReplacement>,
  standing: number,
  also: { readonly writes: ReadonlyArray<DocumentWrite>; readonly audit: ReadonlyArray<AuditEntry> }
) {
  const documents = yield* DocumentStore
  const changed = yield* Effect.forEach(
    replacements,
    Effect.fnUntraced(function* ({ action = "changed", after, before, kind: live, note, revision }) {
      const kind = yield* naming(actor.workspace, live)
      const { created_at, created_by, id } = before
      const item = { ...after, id, created_at, created_by, changed_at: at, changed_by: actor.keyId }
      const kept = historyOf(kind, id, { verb: "changed", at, keyId: actor.keyId, note }, item, standing)
      const subjects = named(kind, before, item)
      const target = `${kind.name}/${id}`
      const record = yield* auditOf(actor, at, `${kind.singular}.${action}`, target, before, item, subjects)
      return { record, writes: [putItem(kind, item, revision), ...kept] }
    })
  )
  yield* documents.commit(actor.workspace, {
    writes: [
      ...(changed.length === 0 ? [] : [raisedRevision(at, standing)]),
      ...changed.flatMap(({ writes }) => writes),
      ...also.writes
    ],
    audit: [...changed.map(({ record }) => record), ...also.audit]
  })
  if (changed.length > 0) yield* told(actor.workspace)
})

export const removeLive = Effect.fnUntraced(function* (
  live: Live,
  actor: Actor,
  id: string,
  revision: number,
  users: ReadonlyArray<User>,
  standing: number
) {
  const kind = yield* naming(actor.workspace, live)
  const now = yield* Clock.currentTimeMillis
  yield* removeItem(
    kind,
    actor,
    id,
    revision,
    users,
    alsoWritten(kind, id, { verb: "deleted", at: now, keyId: actor.keyId }, null, standing)
  )
  yield* told(actor.workspace)
})

/** Whether there ever was one of the id, also where it is deleted. */
export const wasDefined = Effect.fnUntraced(function* (workspace: WorkspaceId, kind: Live, id: string) {
  const documents = yield* DocumentStore
  const changes = { workspace, collection: definitionHistory.name, index: "by_definition", equals: [kind.name, id] }
  const { items } = yield* Effect.catchTag(documents.list({ ...changes, limit: 1 }), "InvalidCursor", Effect.die)
  return items.length > 0
})

/** A page holds them all. */
export const runningReleases = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const documents = yield* DocumentStore
  const by = { workspace, collection: releases.name, index: "by_status", equals: ["running"] }
  const { items } = yield* Effect.catchTag(documents.list({ ...by, limit: listLimitMax }), "InvalidCursor", Effect.die)
  return items.map(({ data }) => data as GuardedRelease)
})

/** What stands of a workspace, with the revision of it all: never older than the revision says. */
export const readDefinitions = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const documents = yield* DocumentStore
  const stands = yield* documents.get(workspace, flagRevisions.name, revisionId)
  const definitions: Definitions = {
    // What is archived is as if it were not there.
    flags: yield* gatherItems(flags, workspace, (flag: Flag) => (flag.archived === undefined ? [flag] : [])),
    segments: yield* gatherItems(segments, workspace, (segment: Segment) => [segment]),
    holdouts: yield* gatherItems(holdouts, workspace, (holdout: Holdout) => [holdout]),
    experiments: yield* gatherItems(experiments, workspace, (experiment: Experiment) => [experiment]),
    overrides: yield* gatherItems(qaOverrides, workspace, (override: QaOverride) => [override]),
    releases: yield* runningReleases(workspace)
  }
  const others = yield* gatherItems(environments, workspace, ({ key }: Environment) =>
    key === production ? [] : [key]
  )
  const read: Catalogue & { readonly revision: number; readonly changedAt: number } = {
    revision: stands?.revision ?? 0,
    changedAt: (stands?.data as { readonly changed_at: number } | undefined)?.changed_at ?? 0,
    definitions,
    environments: [production, ...others]
  }
  return read
})
