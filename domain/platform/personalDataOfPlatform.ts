import { Effect, Stream } from "effect"
import type { DocumentStore, StoredDocument } from "../../ports/documents/DocumentStore.ts"
import { outgoingEmails } from "../../ports/email/OutgoingEmail.ts"
import type { OutgoingEmail } from "../../ports/email/OutgoingEmail.ts"
import type { AuditRecord } from "../../ports/platform/AuditLog.ts"
import type { DeadLetter } from "../../ports/platform/DeadLetters.ts"
import type { PersonalDataOf } from "../../ports/privacy/PersonalData.ts"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { clearValue, openerOf } from "../privacy/clearValue.ts"
import { documentsNaming } from "../privacy/documentsNaming.ts"
import { lineOwner } from "../privacy/lineSubjects.ts"
import { storedIds } from "../privacy/storedIds.ts"
import { collection as deadLetters } from "./DeadLetters.ts"
import { forEveryPage } from "./everyPage.ts"
import { commitAll, renamePeople } from "./renamePeople.ts"

type Services = DocumentStore | SubjectKeys

const audit = "audit"

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

/** The record; without what stood before and after where that names others, too. */
const ownRecord = ({ data, subjects }: StoredDocument, ids: ReadonlyArray<string>): Partial<AuditRecord> => {
  const { after, before, ...record } = data as AuditRecord
  const isOfOthers = subjects.some((subject) => !ids.includes(subject))
  return isOfOthers
    ? record
    : { ...record, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
}

/** Dead letters, messages to the person and records of the audit log. */
export const personalDataOfPlatform: Effect.Effect<PersonalDataOf, never, Services> = Effect.map(
  Effect.context<Services>(),
  (context) => ({
    export: ({ ids, workspace }) =>
      Stream.fromIterableEffect(
        Effect.gen(function* () {
          const keys = yield* (yield* SubjectKeys).get(workspace, ids)
          const letters = ownLetters(yield* documentsNaming(workspace, ids, [deadLetters.name]), ids)
          const records = yield* documentsNaming(workspace, ids, [audit])
          const emails = yield* emailsTo(workspace, ids)
          return [
            ...emails.map(({ data }) => {
              const { created_at, id, purpose, subject, to } = data as OutgoingEmail
              return { kind: outgoingEmails.name, data: { id, to, subject, purpose, created_at } }
            }),
            ...letters.map((letter) => ({ kind: deadLetters.name, data: clearLetter(workspace, keys, letter) })),
            ...records.map((record) => ({ kind: audit, data: ownRecord(record, ids) }))
          ]
        })
      ).pipe(Stream.provideContext(context)),
    erase: [
      {
        store: "emails",
        run: ({ workspace }, ids) => Effect.provideContext(removeEmails(workspace, ids), context)
      },
      {
        store: "dead_letters",
        run: ({ workspace }, ids) => Effect.provideContext(removeLetters(workspace, ids), context)
      },
      {
        store: "audit_log",
        run: ({ workspace }, ids) =>
          Effect.provideContext(renamePeople(workspace, ids, audit), context).pipe(
            Effect.map((removed) => ({ removed, what: "records that named the person name the person's HMAC instead" }))
          )
      }
    ]
  })
)

/** All that are kept are looked through: a person is erased less often than mail is sent. */
const emailsTo = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
  const stored = yield* storedIds(workspace)
  const among = new Set(ids)
  const found: Array<StoredDocument> = []
  yield* forEveryPage({ workspace, collection: outgoingEmails.name, index: "by_time", equals: [] }, (page) =>
    Effect.sync(() => void found.push(...page.filter(({ data }) => among.has(stored((data as OutgoingEmail).to)))))
  )
  return found
})

const removeEmails = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
  const removed = yield* commitAll(
    workspace,
    (yield* emailsTo(workspace, ids)).map(({ collection, id }) => ({ kind: "delete", collection, id, expected: "any" }))
  )
  return { removed, what: "messages to the person removed, those too that waited to be sent" }
})

const removeLetters = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
  const letters = ownLetters(yield* documentsNaming(workspace, ids, [deadLetters.name]), ids)
  const removed = yield* commitAll(
    workspace,
    letters.map(({ collection, id }) => ({ kind: "delete", collection, id, expected: "any" }))
  )
  return { removed, what: "lines of the person that could not be taken removed" }
})
