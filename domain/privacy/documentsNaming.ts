import { Effect } from "effect"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { StoredDocument } from "../../ports/documents/DocumentStore.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"

/** Documents of the collections that name one of the subjects, each once, by collection and id. */
export const documentsNaming = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  ids: ReadonlyArray<string>,
  collections: ReadonlyArray<string>
) {
  const documents = yield* DocumentStore
  const found = new Map<string, StoredDocument>()
  for (const id of ids) {
    for (const document of yield* documents.listBySubject(workspace, id)) {
      if (collections.includes(document.collection)) found.set(`${document.collection}/${document.id}`, document)
    }
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, document]) => document)
})
