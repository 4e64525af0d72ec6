import { Effect, Stream } from "effect"
import { commitWritesMax, DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { DocumentWrite, StoredDocument } from "../../ports/documents/DocumentStore.ts"
import type { DeadLetter } from "../../ports/platform/DeadLetters.ts"
import type { PersonalDataOf } from "../../ports/privacy/PersonalData.ts"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { clearValue, openerOf } from "../privacy/clearValue.ts"
import { documentsNaming } from "../privacy/documentsNaming.ts"
import { lineOwner } from "../privacy/lineSubjects.ts"
import { blindIndex } from "../privacy/personalData.ts"
import { withoutIds } from "../privacy/withoutIds.ts"
import { collection as deadLetters } from "./DeadLetters.ts"
import { withoutConflict } from "./withoutConflict.ts"

type Services = DocumentStore | SubjectKeys

const audit = "audit"

const commitAll = Effect.fnUntraced(function* (workspace: WorkspaceId, writes: ReadonlyArray<DocumentWrite>) {
  const documents = yield* DocumentStore
  for (let at = 0; at < writes.length; at += commitWritesMax) {
    yield* withoutConflict(documents.commit(workspace, { writes: writes.slice(at, at + commitWritesMax) }))
  }
  return writes.length
})

/** Lines that count for one of the subjects; one of another user on a shared device is not theirs. */
const ownLetters = (found: ReadonlyArray<StoredDocument>, ids: ReadonlyArray<string>) =>
  found.filter(({ data }) => {
    const owner = lineOwner((data as DeadLetter).line)
    return owner !== undefined && ids.includes(owner)
  })

/** The letter; its line clear, where it is an event. */
const clearLetter = (workspace: string, keys: ReadonlyMap<string, Uint8Array>, { data }: StoredDocument): unknown => {
  const letter = data as DeadLetter
  const key = keys.get(lineOwner(letter.line) ?? "")
  try {
    const event = JSON.parse(letter.line) as Readonly<Record<string, unknown>>
    const open = openerOf(workspace, key, String(event["event_id"]))
    const fields = Object.entries(event).map(([name, value]) => [name, clearValue(value, name, open)])
    return { ...letter, line: JSON.stringify(Object.fromEntries(fields)) }
  } catch {
    return letter
  }
}

/** Dead letters and records of the audit log. */
export const personalDataOfPlatform: Effect.Effect<PersonalDataOf, never, Services> = Effect.map(
  Effect.context<Services>(),
  (context) => ({
    export: ({ ids, workspace }) =>
      Stream.fromIterableEffect(
        Effect.gen(function* () {
          const keys = yield* (yield* SubjectKeys).get(workspace, ids)
          const letters = ownLetters(yield* documentsNaming(workspace, ids, [deadLetters.name]), ids)
          const records = yield* documentsNaming(workspace, ids, [audit])
          return [
            ...letters.map((letter) => ({ kind: deadLetters.name, data: clearLetter(workspace, keys, letter) })),
            ...records.map(({ data }) => ({ kind: audit, data }))
          ]
        })
      ).pipe(Stream.provideContext(context)),
    erase: [
      {
        store: "dead_letters",
        run: ({ workspace }, ids) => Effect.provideContext(removeLetters(workspace, ids), context)
      },
      { store: "audit_log", run: ({ workspace }, ids) => Effect.provideContext(renameInAudit(workspace, ids), context) }
    ]
  })
)

const removeLetters = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
  const letters = ownLetters(yield* documentsNaming(workspace, ids, [deadLetters.name]), ids)
  const removed = yield* commitAll(
    workspace,
    letters.map(({ collection, id }) => ({ kind: "delete", collection, id, expected: "any" }))
  )
  return { removed, what: "lines of the person that could not be taken removed" }
})

/** Records stay, for who did what must be told; whom it was done to is said by the HMAC that receipts name, too. */
const renameInAudit = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
  const indexKey = yield* (yield* SubjectKeys).workspaceKey(workspace, "index")
  const secrets = { workspace, indexKey, pseudonymKey: indexKey }
  const names = new Map(ids.map((id) => [id, `erased_${blindIndex(secrets, "person", id)}`]))
  const found = yield* documentsNaming(workspace, ids, [audit])
  const removed = yield* commitAll(
    workspace,
    found.map(({ collection, data, id, schema_version, subjects }) => ({
      kind: "put",
      collection,
      id,
      expected: "any",
      schema_version,
      subjects: subjects.filter((subject) => !names.has(subject)),
      data: withoutIds(data, names)
    }))
  )
  return { removed, what: "records that named the person name the person's HMAC instead" }
})
