import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { rewritingHoursMax } from "../../../ports/analytics/Erasure.ts"
import type { ErasedStore } from "../../../ports/analytics/Erasure.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { Collection } from "../../../ports/documents/DocumentStore.ts"
import { PersonalData } from "../../../ports/privacy/PersonalData.ts"
import type { Erasing } from "../../../ports/privacy/PersonalData.ts"
import { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { everywhere } from "../../platform/installation.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { blindIndex } from "../../privacy/personalData.ts"
import { awaitingWrite, receiptWrite, signedReceipt } from "./erasureReceipts.ts"
import { refuseWhereHeld } from "../retention/holds.ts"
import { subjectsOfPerson } from "./subjectsOfPerson.ts"

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
  /** Steps that are at their end. */
  readonly done?: ReadonlyArray<ErasedStore>
}

const instant = (millis: number): string => new Date(millis).toISOString()

/** Destroys a person's keys and removes what is held of the person; answers what was done, signed. May be repeated. */
export const erasePerson = Effect.fn("erasePerson")(function* (actor: Actor, asked: string) {
  const { workspace } = actor
  const found = yield* subjectsOfPerson(workspace, asked)
  yield* refuseWhereHeld(found)
  const { ids: subjects, person } = found
  const indexKey = yield* (yield* SubjectKeys).workspaceKey(workspace, "index")
  const now = yield* Clock.currentTimeMillis
  const { from, keyId, requestId } = actor
  const erasure: Erasure = {
    id: yield* Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV7()),
    actor: { workspace, keyId, from, requestId },
    person: blindIndex({ workspace, indexKey, pseudonymKey: indexKey }, "person", person),
    subjects,
    requested_at: now
  }
  yield* saveErasure(erasure)
  return yield* finish(erasure)
})

const saveErasure = Effect.fnUntraced(function* (erasure: Erasure) {
  const documents = yield* DocumentStore
  const { id } = erasure
  const write = { kind: "put", expected: "any", schema_version: 1, subjects: [] } as const
  yield* withoutConflict(
    documents.commit(everywhere, { writes: [{ ...write, collection: pendingErasures.name, id, data: erasure }] })
  )
})

const finish = Effect.fnUntraced(function* (erasure: Erasure) {
  const { actor, id, person, requested_at, subjects } = erasure
  const { workspace } = actor
  const documents = yield* DocumentStore
  const stores = [...(yield* eraseEverywhere(erasure)), ...whatStays]
  const now = yield* Clock.currentTimeMillis
  const receipt = yield* signedReceipt({
    id,
    workspace,
    person,
    requested_at: instant(requested_at),
    accepted_at: instant(now),
    rewritten_by: instant(requested_at + rewritingHoursMax * 3_600_000),
    completed_at: null,
    subjects: subjects.length,
    stores
  })
  const record = yield* auditOf(actor, now, "person.erased", `erasures/${id}`, undefined, { person })
  yield* withoutConflict(documents.commit(workspace, { writes: [receiptWrite(receipt)], audit: [record] }))
  // From here on no document holds an id of the person: the log is rewritten by the list of erased subjects.
  yield* withoutConflict(
    documents.commit(everywhere, {
      writes: [
        { kind: "delete", collection: pendingErasures.name, id, expected: "any" },
        awaitingWrite({ id, workspace, accepted_at: now })
      ]
    })
  )
  return receipt
})

/** From then on nothing that is sealed can be read, and nothing new comes in. */
const destroyKeys = Effect.fnUntraced(function* ({ workspace }: Erasing, ids: ReadonlyArray<string>) {
  const subjectKeys = yield* SubjectKeys
  const keys = yield* subjectKeys.get(workspace, ids)
  yield* subjectKeys.destroy(workspace, ids)
  return {
    removed: keys.size,
    what: "keys destroyed, overwritten in their file; later events are answered and not kept"
  }
})

/** Keys first, then what each module holds: a step that was done is noted, and not done again where a later one fails. */
const eraseEverywhere = Effect.fnUntraced(function* (erasure: Erasure) {
  const steps = (yield* PersonalData).flatMap(({ erase }) => erase)
  const done = [...(erasure.done ?? [])]
  for (const { run, store } of [{ store: "subject_keys", run: destroyKeys } as const, ...steps]) {
    if (done.some((each) => each.store === store)) continue
    const removed = yield* run(erasure.actor, erasure.subjects)
    const at = instant(yield* Clock.currentTimeMillis)
    done.push({ store, at, rewritten_at: overwritten.has(store) ? at : null, ...removed })
    yield* saveErasure({ ...erasure, done })
  }
  return done
})

/** Stores whose files hold nothing of the person any more when their step ends. */
const overwritten: ReadonlySet<ErasedStore["store"]> = new Set(["subject_keys", "event_lake"])

/** Places that are dealt with later, or not at all. */
const whatStays: ReadonlyArray<ErasedStore> = [
  {
    store: "event_log",
    at: null,
    rewritten_at: null,
    removed: null,
    what: `the person's lines are overwritten within ${rewritingHoursMax} hours; until then their personal fields are ciphertext without a key, and no index, lake or feed takes them again`
  },
  {
    store: "backups",
    at: null,
    rewritten_at: null,
    removed: null,
    what: `a backup from before holds what was there, and its keys still open it; keys in backups are kept for ${keyBackupDays} days at the most`
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
  for (const [workspace, subjects] of tombstones.counts) yield* store.erase(WorkspaceId.make(workspace), [], subjects)
})

/** Ends erasures that broke off: those that no request waits for, which in the first round of a process are all. */
export const finishErasures = Effect.fnUntraced(function* (isFirst: boolean) {
  const now = yield* Clock.currentTimeMillis
  yield* finishAbandoned(isFirst ? now : now - abandonedMillis)
})
