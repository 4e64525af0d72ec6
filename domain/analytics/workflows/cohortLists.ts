import { Clock, Effect } from "effect"
import { createHash } from "node:crypto"
import { cohortMembers, cohortMembersMax, cohorts } from "../../../ports/analytics/Cohort.ts"
import type { Cohort, CohortMembersReceipt } from "../../../ports/analytics/Cohort.ts"
import { isReservedId } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { revisionsKeptMax } from "../../../ports/documents/Revision.ts"
import type { DocumentWrite } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { gatherItems, putItem, readItem } from "../../platform/resources.ts"
import { keepNext, naming } from "../../platform/revisions.ts"
import { idAtDoor } from "./idAtDoor.ts"

/** Ids of a static cohort: of people, whatever they are, and those known to be of a user or a device. */
export interface MemberIds {
  readonly people: ReadonlyArray<string>
  readonly users: ReadonlyArray<string>
  readonly devices: ReadonlyArray<string>
}

/** What the cohort's revision has changed in the part. */
interface ListChange {
  readonly revision: number
  readonly added: ReadonlyArray<string>
  readonly removed: MemberIds
}

interface Part extends MemberIds {
  readonly cohort: string
  readonly part: number
  /** What has changed behind the revision `since`, the oldest first; absent where an earlier version wrote the part. */
  readonly since?: number
  readonly changes?: ReadonlyArray<ListChange>
}

/** Documents that one list is divided into, by hash of the id: all of them fit into one commit. */
const parts = 50
/** Parts that are read at a time, so that no slice is long. */
const partsPage = 10
const names = ["people", "users", "devices"] as const

const partOf = (id: string): number => createHash("sha256").update(id).digest().readUInt32BE() % parts
const documentId = (cohort: string, part: number): string => `${cohort}.${part}`

const putPart = (part: Part): DocumentWrite => ({
  kind: "put",
  collection: cohortMembers.name,
  id: documentId(part.cohort, part.part),
  // The cohort's own revision, written in the same commit, tells whether another change came in between.
  expected: "any",
  schema_version: 1,
  subjects: [],
  data: part
})

/** The parts that there are. */
const readParts = Effect.fnUntraced(function* (workspace: WorkspaceId, cohort: string) {
  const documents = yield* DocumentStore
  const found = new Map<number, Part>()
  let cursor: string | undefined
  do {
    const page = yield* documents
      .list({
        workspace,
        collection: cohortMembers.name,
        index: "by_cohort",
        equals: [cohort],
        limit: partsPage,
        cursor
      })
      .pipe(Effect.catchTag("InvalidCursor", Effect.die))
    for (const { data } of page.items) {
      const part = data as Part
      found.set(part.part, part)
    }
    cursor = page.next
    yield* Effect.yieldNow
  } while (cursor !== undefined)
  return found
})

/** The part as it was when the cohort stood at the revision. */
const asOfRevision = (part: Part, revision: number): MemberIds => {
  const later = (part.changes ?? []).filter((change) => change.revision > revision)
  return later.reduceRight<MemberIds>((list, { added, removed }) => {
    const wasThere = (id: string) => !added.includes(id)
    return {
      people: [...list.people.filter(wasThere), ...removed.people],
      users: [...list.users, ...removed.users],
      devices: [...list.devices, ...removed.devices]
    }
  }, part)
}

/**
 * Every id of the list when the cohort stood at the revision `at`. Where that is not known any more, as it is at the
 * revision that stands.
 */
export const readMembers = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  cohort: string,
  at: number,
  standing: number
) {
  const found = [...(yield* readParts(workspace, cohort)).values()]
  const isKnown = at === standing || found.every(({ since }) => since !== undefined && since <= at)
  const revision = isKnown ? at : standing
  const lists = found.map((part) => asOfRevision(part, revision))
  const of = (name: (typeof names)[number]) => lists.flatMap((list) => list[name])
  const members: MemberIds = { people: of("people"), users: of("users"), devices: of("devices") }
  return { members, revision }
})

/** The parts of a new list. */
export const partsOf = (cohort: string, ids: MemberIds): ReadonlyArray<DocumentWrite> => {
  const made = new Map<number, Record<(typeof names)[number], Array<string>>>()
  for (const name of names) {
    for (const id of ids[name]) {
      const part = made.get(partOf(id)) ?? { people: [], users: [], devices: [] }
      part[name].push(id)
      made.set(partOf(id), part)
    }
  }
  return [...made].map(([part, own]) => putPart({ cohort, part, ...own, since: 1, changes: [] }))
}

/** What deletes a list. */
export const partRemovals = Effect.fnUntraced(function* (workspace: WorkspaceId, cohort: string) {
  return [...(yield* readParts(workspace, cohort)).keys()].map((part): DocumentWrite => ({
    kind: "delete",
    collection: cohortMembers.name,
    id: documentId(cohort, part),
    expected: "any"
  }))
})

const emptyPart = (cohort: string, part: number): Part => ({
  cohort,
  part,
  people: [],
  users: [],
  devices: [],
  since: 0,
  changes: []
})
const countOf = (part: MemberIds): number => names.reduce((sum, name) => sum + part[name].length, 0)
const holds = (part: MemberIds, id: string): boolean => names.some((name) => part[name].includes(id))

type Change = "added" | "removed"

const changed = (part: Part, id: string, change: Change): Part =>
  change === "added"
    ? { ...part, people: [...part.people, id] }
    : {
        ...part,
        people: part.people.filter((each) => each !== id),
        users: part.users.filter((each) => each !== id),
        devices: part.devices.filter((each) => each !== id)
      }

const without = (before: ReadonlyArray<string>, after: ReadonlyArray<string>): ReadonlyArray<string> => {
  const there = new Set(after)
  return before.filter((id) => !there.has(id))
}

/** The changed part, and how it came to be so; what the oldest revisions changed is forgotten. */
const remembering = (before: Part, after: Part, revision: number): Part => {
  const removed = {
    people: without(before.people, after.people),
    users: without(before.users, after.users),
    devices: without(before.devices, after.devices)
  }
  const change: ListChange = { revision, added: without(after.people, before.people), removed }
  const all = [...(before.changes ?? []), change]
  const forgotten = all.filter((each) => each.revision + revisionsKeptMax <= revision)
  return {
    ...after,
    // What was there before an earlier version wrote the part is not known.
    since: forgotten.at(-1)?.revision ?? before.since ?? revision - 1,
    changes: all.slice(forgotten.length)
  }
}

const hasKnown = ({ changes = [] }: Part, id: string): boolean =>
  changes.some(({ added, removed }) => added.includes(id) || holds(removed, id))

/** The part whose past knows nothing of the ids either. */
const forgetting = (part: Part, ids: ReadonlyArray<string>): Part => {
  const others = (list: ReadonlyArray<string>) => without(list, ids)
  return {
    ...part,
    changes: (part.changes ?? []).map(({ added, removed, revision }) => ({
      revision,
      added: others(added),
      removed: { people: others(removed.people), users: others(removed.users), devices: others(removed.devices) }
    }))
  }
}

/** Adds ids to the list of a static cohort, or takes them from it. What is there already, or is not, changes nothing. */
export const changeMembers = Effect.fn("changeMembers")(function* (
  actor: Actor,
  cohort: string,
  change: Change,
  people: ReadonlyArray<string>
) {
  const reserved = people.findIndex(isReservedId)
  if (reserved >= 0) {
    const detail = `${people[reserved]} stands for nobody and belongs to no cohort`
    return yield* new InvalidQuestion({ errors: [{ pointer: `/people/${reserved}`, code: "reserved_id", detail }] })
  }
  const ids = yield* Effect.forEach(people, (id) => idAtDoor(actor.workspace, id))
  return yield* storeChange(actor, cohort, change, [...new Set(ids)]).pipe(
    // Another change came in between: it is counted with.
    Effect.retry({ times: 5, while: ({ _tag }) => _tag === "StaleRevision" })
  )
})

/** Static cohorts whose lists name one of the ids, or have done so; ids are as they are stored. */
export const cohortsListing = Effect.fn("cohortsListing")(function* (
  workspace: WorkspaceId,
  ids: ReadonlyArray<string>
) {
  const documents = yield* DocumentStore
  const lists = yield* gatherItems(cohorts, workspace, (cohort: Cohort) =>
    cohort.membership.kind === "static" ? [cohort] : []
  )
  const found: Array<Cohort> = []
  for (const cohort of lists) {
    for (const id of ids) {
      const part = yield* documents.get(workspace, cohortMembers.name, documentId(cohort.id, partOf(id)))
      if (part === undefined || !(holds(part.data as Part, id) || hasKnown(part.data as Part, id))) continue
      found.push(cohort)
      break
    }
  }
  return found
})

/** Takes the ids from what is remembered of the list. */
const forgetMembers = Effect.fnUntraced(function* (workspace: WorkspaceId, cohort: string, ids: ReadonlyArray<string>) {
  const documents = yield* DocumentStore
  for (const at of new Set(ids.map(partOf))) {
    const found = yield* documents.get(workspace, cohortMembers.name, documentId(cohort, at))
    if (found === undefined || !ids.some((id) => hasKnown(found.data as Part, id))) continue
    const write = { ...putPart(forgetting(found.data as Part, ids)), expected: found.revision }
    yield* documents.commit(workspace, { writes: [write] })
  }
})

/** Takes the ids from every list that names them, and from its past: who is erased is no member of anything. */
export const takeFromLists = Effect.fn("takeFromLists")(function* (actor: Actor, ids: ReadonlyArray<string>) {
  const listing = yield* cohortsListing(actor.workspace, ids)
  for (const { id } of listing) {
    yield* changeMembers(actor, id, "removed", ids)
    yield* forgetMembers(actor.workspace, id, ids).pipe(
      Effect.retry({ times: 5, while: ({ _tag }) => _tag === "StaleRevision" })
    )
  }
  return listing.map(({ id, name }) => ({ id, name }))
})

const storeChange = Effect.fnUntraced(function* (
  actor: Actor,
  cohort: string,
  change: Change,
  ids: ReadonlyArray<string>
) {
  const { workspace } = actor
  const documents = yield* DocumentStore
  const { item, revision } = yield* readItem<Cohort>(cohorts, workspace, cohort)
  if (item.membership.kind !== "static") {
    const detail = "the members of a live cohort are those whom its rule holds for"
    return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code: "not_static", detail }] })
  }
  const before = yield* readParts(workspace, cohort)
  const after = new Map(before)
  const touched = new Set<number>()
  let count = 0
  for (const id of ids) {
    const at = partOf(id)
    const part = after.get(at) ?? emptyPart(cohort, at)
    if (holds(part, id) === (change === "added")) continue
    after.set(at, changed(part, id, change))
    touched.add(at)
    count += 1
  }
  const listed = [...after.values()].reduce((sum, part) => sum + countOf(part), 0)
  if (listed > cohortMembersMax) {
    const detail = `a cohort lists ${cohortMembersMax} ids at the most`
    return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "/people", code: "too_many", detail }] })
  }
  const receipt: CohortMembersReceipt = { changed: count, listed }
  if (count === 0) return receipt
  const now = yield* Clock.currentTimeMillis
  const kind = yield* naming(workspace, cohorts)
  const next: Cohort = { ...item, changed_at: now, changed_by: actor.keyId }
  yield* documents.commit(workspace, {
    writes: [
      putItem(kind, next, revision),
      ...keepNext(kind, item, next, revision),
      ...[...touched].map((at) =>
        putPart(remembering(before.get(at) ?? emptyPart(cohort, at), after.get(at)!, revision + 1))
      )
    ],
    audit: [yield* auditOf(actor, now, `cohort.members_${change}`, `${cohorts.name}/${cohort}`, undefined, receipt)]
  })
  return receipt
})
