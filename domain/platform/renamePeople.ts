import { Effect } from "effect"
import { commitWritesMax, DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../ports/documents/DocumentStore.ts"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { documentsNaming } from "../privacy/documentsNaming.ts"
import { blindIndex } from "../privacy/personalData.ts"
import { storedIds } from "../privacy/storedIds.ts"
import { withoutIds } from "../privacy/withoutIds.ts"
import { withoutConflict } from "./withoutConflict.ts"

/** As many transactions as it takes; answers how many writes. */
export const commitAll = Effect.fnUntraced(function* (workspace: WorkspaceId, writes: ReadonlyArray<DocumentWrite>) {
  const documents = yield* DocumentStore
  for (let at = 0; at < writes.length; at += commitWritesMax) {
    yield* withoutConflict(documents.commit(workspace, { writes: writes.slice(at, at + commitWritesMax) }))
  }
  return writes.length
})

/** What each of the ids, which are as they are stored, is called from then on, also where it is written as it was sent. */
export const erasedNames = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
  const indexKey = yield* (yield* SubjectKeys).workspaceKey(workspace, "index")
  const secrets = { workspace, indexKey, pseudonymKey: indexKey }
  const names = new Map(ids.map((id) => [id, `erased_${blindIndex(secrets, "person", id)}`]))
  // Definitions write e-mail addresses as they are sent.
  const stored = yield* storedIds(workspace)
  return { isGone: (id: string) => names.has(id), nameOf: { get: (text: string) => names.get(stored(text)) } }
})

/**
 * In documents that stay, for what was done must be told, whom it was done to is said by the HMAC that receipts name, too.
 * Answers how many there were.
 */
export const renamePeople = Effect.fn("renamePeople")(function* (
  workspace: WorkspaceId,
  ids: ReadonlyArray<string>,
  collection: string
) {
  const { isGone, nameOf } = yield* erasedNames(workspace, ids)
  const found = yield* documentsNaming(workspace, ids, [collection])
  return yield* commitAll(
    workspace,
    found.map(({ data, id, schema_version, subjects }) => ({
      kind: "put",
      collection,
      id,
      expected: "any",
      schema_version,
      subjects: subjects.filter((subject) => !isGone(subject)),
      data: withoutIds(data, nameOf)
    }))
  )
})
