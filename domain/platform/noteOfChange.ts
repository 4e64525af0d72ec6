import { Effect } from "effect"
import { annotations, changeNotesMax } from "../../ports/analytics/Annotation.ts"
import type { Annotation } from "../../ports/analytics/Annotation.ts"
import { commitWritesMax, DocumentStore, listLimitMax } from "../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../ports/documents/DocumentStore.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { commitAll } from "./renamePeople.ts"

/**
 * A note that something changed which numbers may follow, to be committed with the change itself. Each change of one
 * thing at one time has one note.
 */
export const noteOfChange = (change: {
  /** Collection and id. */
  readonly about: string
  readonly text: string
  /** ms UTC */
  readonly at: number
  readonly keyId: string
}): DocumentWrite => {
  const { about, at, keyId, text } = change
  const note: Annotation = {
    id: `${about.replaceAll("/", ".")}.${at}`,
    text,
    at,
    author: keyId,
    about,
    origin: "service",
    created_at: at,
    created_by: keyId,
    changed_at: at,
    changed_by: keyId
  }
  return {
    kind: "put",
    collection: annotations.name,
    id: note.id,
    expected: "any",
    schema_version: 1,
    subjects: [],
    data: note
  }
}

/** The oldest notes of changes go where there are more than are kept; what is left to go goes after the next change. */
export const dropOldNotes = Effect.fn("dropOldNotes")(function* (workspace: WorkspaceId) {
  const documents = yield* DocumentStore
  const of = { workspace, collection: annotations.name, index: "by_origin", equals: ["service"] }
  const surplus = (yield* documents.count(of)) - changeNotesMax
  if (surplus <= 0) return
  const limit = Math.min(surplus, listLimitMax, commitWritesMax)
  const { items } = yield* Effect.catchTag(documents.list({ ...of, limit }), "InvalidCursor", Effect.die)
  yield* commitAll(
    workspace,
    items.map(({ collection, id }) => ({ kind: "delete", collection, id, expected: "any" }))
  )
})
