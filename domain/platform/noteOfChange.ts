import { annotations } from "../../ports/analytics/Annotation.ts"
import type { Annotation } from "../../ports/analytics/Annotation.ts"
import type { DocumentWrite } from "../../ports/documents/DocumentStore.ts"

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
