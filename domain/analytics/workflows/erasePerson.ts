import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import type { ErasedStore, ErasureReceipt } from "../../../ports/analytics/Erasure.ts"
import { EventLake, removedSubjectsMax } from "../../../ports/analytics/EventLake.ts"
import { EventStore, isReservedId } from "../../../ports/analytics/EventStore.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { Collection } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { ReceiptKey } from "../../../ports/privacy/ReceiptKey.ts"
import { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { everywhere } from "../../platform/installation.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { blindIndex } from "../../privacy/personalData.ts"
import { signReceipt } from "../../privacy/receipts.ts"
import { takeFromLists } from "./cohortLists.ts"
import { idAtDoor } from "./idAtDoor.ts"
import { currentMerges, forgetMerges } from "./mergePeople.ts"

/** Erasures that have begun and are not at their end, of every workspace. */
export const pendingErasures: Collection = {
  name: "pending_erasures",
  unique: [],
  indexes: [{ name: "by_time", equals: [], sort: "requested_at", direction: "ascending" }]
}
/** Long after a request that erases has ended, well or not. */
const abandonedMillis = 60_000
/** Days that backups of keys are kept at the most. */
const keyBackupDays = 30

interface Erasure {
  readonly id: string
  readonly actor: Omit<Actor, "idempotency">
  readonly person: string
  readonly subjects: ReadonlyArray<string>
  readonly requested_at: number
}

const instant = (millis: number): string => new Date(millis).toISOString()

/** Every id that is the person's alone, with users that count as the person. */
const subjectsOf = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const store = yield* EventStore
  const merges = yield* currentMerges(workspace)
  const found = yield* store.subjectsOf(workspace, id)
  const own = new Set(found.length > 0 ? found : [id])
  const roots = new Set(merges.filter(({ from, into }) => own.has(from) || own.has(into)).map(({ into }) => into))
  for (const root of roots) own.add(root)
  for (const { from, into } of merges) if (roots.has(into)) own.add(from)
  for (const user of roots) for (const subject of yield* store.subjectsOf(workspace, user)) own.add(subject)
  return own
})

/** The person's subjects; refused where nothing is or was known of such a person. */
const findSubjects = Effect.fnUntraced(function* (workspace: WorkspaceId, asked: string) {
  const id = yield* idAtDoor(workspace, asked)
  const subjectKeys = yield* SubjectKeys
  const store = yield* EventStore
  const isKnown =
    !isReservedId(id) &&
    (subjectKeys.tombstones.get(workspace)?.has(id) === true ||
      (yield* store.people({ workspace, personId: id, limit: 1 })).length > 0 ||
      (yield* subjectKeys.get(workspace, [id])).size > 0)
  if (!isKnown) return yield* new Refused({ kind: "not-found", detail: "there is no such person", errors: [] })
  return { id, subjects: [...(yield* subjectsOf(workspace, id))].toSorted() }
})

/** Destroys a person's keys and removes what is held of the person; answers what was done, signed. May be repeated. */
export const erasePerson = Effect.fn("erasePerson")(function* (actor: Actor, asked: string) {
  const { workspace } = actor
  const documents = yield* DocumentStore
  const { id, subjects } = yield* findSubjects(workspace, asked)
  const indexKey = yield* (yield* SubjectKeys).workspaceKey(workspace, "index")
  const now = yield* Clock.currentTimeMillis
  const { from, keyId, requestId } = actor
  const erasure: Erasure = {
    id: yield* Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV7()),
    actor: { workspace, keyId, from, requestId },
    person: blindIndex({ workspace, indexKey, pseudonymKey: indexKey }, "person", id),
    subjects,
    requested_at: now
  }
  const write = {
    kind: "put",
    collection: pendingErasures.name,
    id: erasure.id,
    expected: 0,
    schema_version: 1,
    subjects: [],
    data: erasure
  } as const
  yield* withoutConflict(documents.commit(everywhere, { writes: [write] }))
  return yield* finish(erasure)
})

const finish = Effect.fnUntraced(function* (erasure: Erasure) {
  const { actor, id, person, requested_at, subjects } = erasure
  const { workspace } = actor
  const documents = yield* DocumentStore
  const stores = [...(yield* eraseEverywhere(erasure)), ...whatStays]
  const now = yield* Clock.currentTimeMillis
  const receipt = {
    id,
    workspace,
    person,
    requested_at: instant(requested_at),
    completed_at: instant(now),
    subjects: subjects.length,
    stores
  }
  const { privateKey } = yield* ReceiptKey
  const signed = yield* Effect.promise(() => signReceipt(privateKey, receipt))
  const record = yield* auditOf(actor, now, "person.erased", `erasures/${id}`, undefined, { person })
  yield* withoutConflict(documents.commit(workspace, { writes: [], audit: [record] }))
  yield* withoutConflict(
    documents.commit(everywhere, {
      writes: [{ kind: "delete", collection: pendingErasures.name, id, expected: "any" }]
    })
  )
  const answer: ErasureReceipt = { ...receipt, signed }
  return answer
})

/** Keys first: from then on nothing that is sealed can be read, and nothing new comes in. */
const eraseEverywhere = Effect.fnUntraced(function* ({ actor, subjects }: Erasure) {
  const { workspace } = actor
  const subjectKeys = yield* SubjectKeys
  const store = yield* EventStore
  const lake = yield* EventLake
  const done: Array<ErasedStore> = []
  const note = Effect.fnUntraced(function* (name: ErasedStore["store"], removed: number, what: string) {
    done.push({ store: name, at: instant(yield* Clock.currentTimeMillis), removed, what })
  })
  const keys = yield* subjectKeys.get(workspace, subjects)
  yield* subjectKeys.destroy(workspace, subjects)
  yield* note(
    "subject_keys",
    keys.size,
    "keys destroyed, overwritten in their file; later events are answered and not kept"
  )
  const epoch = subjectKeys.tombstones.get(workspace)?.size ?? 0
  const { events } = yield* store.erase(workspace, subjects, epoch)
  yield* note(
    "event_store",
    events,
    "rows deleted and in no answer; blocks that they left in the file are reused later"
  )
  let fromLake = 0
  for (let at = 0; at < subjects.length; at += removedSubjectsMax / 2) {
    const some = subjects.slice(at, at + removedSubjectsMax / 2)
    fromLake += (yield* lake.remove(workspace, { kind: "subjects", userIds: some, anonymousIds: some })).events
  }
  yield* note("event_lake", fromLake, "files that held the person's events rewritten without them")
  const lists = yield* takeFromLists(actor, subjects)
  yield* note("cohorts", lists.length, "taken from the static cohorts that named the person")
  const merges = yield* forgetMerges(workspace, subjects)
  yield* note("merges", merges, "merges with the person deleted")
  return done
})

/** Places that are not rewritten. */
const whatStays: ReadonlyArray<ErasedStore> = [
  {
    store: "event_log",
    at: null,
    removed: null,
    what: "not rewritten: lines stay as long as the log is kept; personal fields in them are ciphertext without a key, ids and other fields are as they were; no index, lake or feed takes them again"
  },
  {
    store: "dead_letters",
    at: null,
    removed: null,
    what: "not rewritten: lines of the person stay until they are removed, like those of the log"
  },
  { store: "audit_log", at: null, removed: null, what: "not rewritten: records may name the person by id" },
  {
    store: "backups",
    at: null,
    removed: null,
    what: `a backup of keys from before still opens data of its time; it is kept for ${keyBackupDays} days at the most`
  }
]

/** Ends what broke off: erasures from before, that no request waits for any more. */
const finishAbandoned = Effect.fnUntraced(function* (beforeMillis: number) {
  const documents = yield* DocumentStore
  const page = yield* documents
    .list({ workspace: everywhere, collection: pendingErasures.name, index: "by_time", equals: [], limit: 100 })
    .pipe(Effect.catchTag("InvalidCursor", Effect.die))
  for (const { data } of page.items) {
    const erasure = data as Erasure
    if (erasure.requested_at > beforeMillis) continue
    yield* finish(erasure).pipe(
      Effect.catchCause((cause) => Effect.logWarning("an erasure is not at its end and is tried again", cause))
    )
  }
})

/** At each start: an event store that was built anew learns how many were erased, so that no watermark means two states. */
export const applyErasures = Effect.gen(function* () {
  const { tombstones } = yield* SubjectKeys
  const store = yield* EventStore
  for (const [workspace, subjects] of tombstones) yield* store.erase(WorkspaceId.make(workspace), [], subjects.size)
})

/** Ends erasures that broke off: those that no request waits for, which in the first round of a process are all. */
export const finishErasures = Effect.fnUntraced(function* (isFirst: boolean) {
  const now = yield* Clock.currentTimeMillis
  yield* finishAbandoned(isFirst ? now : now - abandonedMillis)
})
