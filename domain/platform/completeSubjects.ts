import { Effect } from "effect"
import { isDeepStrictEqual } from "node:util"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { Collection, StoredDocument } from "../../ports/documents/DocumentStore.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { storedIds } from "../privacy/storedIds.ts"
import { forEveryPage } from "./everyPage.ts"
import type { Listed } from "./everyPage.ts"
import { withoutConflict } from "./withoutConflict.ts"

/** Up to which version the documents of a workspace say whom they name, by what was walked. */
export const subjectMarks: Collection = { name: "subject_marks", unique: [], indexes: [] }

/** Documents that say whom they name, by rules that have grown. */
export interface Walked {
  readonly name: string
  /** Raised where more is found in them than before. */
  readonly version: number
  readonly lists: (workspace: WorkspaceId) => Effect.Effect<ReadonlyArray<Listed>, PortFailure, DocumentStore>
  readonly subjectsOf: (document: StoredDocument, stored: (id: string) => string) => ReadonlyArray<string>
}

/**
 * Documents that were stored by an older rule say whom they name by that of now, so that nobody is overlooked who is told
 * of or erased by their subjects. Once for each workspace and version: a broken walk is begun anew.
 */
export const completeSubjects = Effect.fn("completeSubjects")(function* (
  workspace: WorkspaceId,
  { lists, name, subjectsOf, version }: Walked
) {
  const documents = yield* DocumentStore
  const mark = yield* documents.get(workspace, subjectMarks.name, name)
  if (((mark?.data as { readonly version: number } | undefined)?.version ?? 0) >= version) return
  const stored = yield* storedIds(workspace)
  const complete = Effect.fnUntraced(function* (document: StoredDocument) {
    const subjects = subjectsOf(document, stored)
    if (isDeepStrictEqual(new Set(subjects), new Set(document.subjects))) return
    const { collection, data, id, revision, schema_version } = document
    const write = { kind: "put", collection, id, expected: revision, schema_version, subjects, data } as const
    // Whoever changed it meanwhile has said whom it names.
    yield* documents.commit(workspace, { writes: [write] }).pipe(
      Effect.catchTag("StaleRevision", () => Effect.void),
      withoutConflict
    )
  })
  for (const list of yield* lists(workspace)) {
    yield* forEveryPage(list, (page) => Effect.forEach(page, complete, { discard: true }))
  }
  const put = { kind: "put", collection: subjectMarks.name, expected: "any", schema_version: 1, subjects: [] } as const
  yield* withoutConflict(documents.commit(workspace, { writes: [{ ...put, id: name, data: { version } }] }))
})
