import { Effect, Layer } from "effect"
import { commitWritesMax, DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { Collection, DocumentWrite } from "../../ports/documents/DocumentStore.ts"
import { DeadLetters } from "../../ports/platform/DeadLetters.ts"
import type { DeadLetter } from "../../ports/platform/DeadLetters.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { withoutConflict } from "./withoutConflict.ts"

export const collection: Collection = {
  name: "dead_letters",
  unique: [],
  indexes: [
    { name: "by_time", equals: [], sort: "failed_at", direction: "descending" },
    { name: "by_consumer", equals: ["consumer"], sort: "failed_at", direction: "descending" }
  ]
}

/** Dead letters as documents, which replay, redrive and erasure find by id. */
export const layer: Layer.Layer<DeadLetters, never, DocumentStore> = Layer.effect(
  DeadLetters,
  Effect.map(DocumentStore, (documents) => {
    const commitAll = (workspace: WorkspaceId, writes: ReadonlyArray<DocumentWrite>) =>
      Effect.forEach(
        Array.from({ length: Math.ceil(writes.length / commitWritesMax) }, (_, page) =>
          writes.slice(page * commitWritesMax, (page + 1) * commitWritesMax)
        ),
        (page) => withoutConflict(documents.commit(workspace, { writes: page })),
        { discard: true }
      )
    return DeadLetters.of({
      add: (workspace, letters) =>
        commitAll(
          workspace,
          letters.map((letter) => ({
            kind: "put",
            collection: collection.name,
            id: letter.id,
            expected: "any",
            schema_version: 1,
            subjects: [],
            data: letter
          }))
        ),
      list: ({ consumer, cursor, limit, workspace }) =>
        documents
          .list({
            workspace,
            collection: collection.name,
            index: consumer === undefined ? "by_time" : "by_consumer",
            equals: consumer === undefined ? [] : [consumer],
            limit,
            cursor
          })
          .pipe(Effect.map(({ items, next }) => ({ items: items.map((item) => item.data as DeadLetter), next }))),
      get: (workspace, id) =>
        Effect.map(documents.get(workspace, collection.name, id), (found) => found?.data as DeadLetter | undefined),
      remove: (workspace, ids) =>
        commitAll(
          workspace,
          ids.map((id) => ({ kind: "delete", collection: collection.name, id, expected: "any" }))
        )
    })
  })
)
