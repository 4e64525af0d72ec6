import { Effect } from "effect"
import { DocumentStore, listLimitMax } from "../../ports/documents/DocumentStore.ts"
import type { StoredDocument } from "../../ports/documents/DocumentStore.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"

/** What an index holds. */
export interface Listed {
  readonly workspace: WorkspaceId
  readonly collection: string
  readonly index: string
  readonly equals: ReadonlyArray<string>
  /** Of what the index sorts by; all without it. */
  readonly range?: { readonly from: number; readonly to: number }
}

/**
 * Does something with every page of a list, one after the other; in between others have their turn. `most`: documents at
 * which no further page is taken up.
 */
export const forEveryPage = Effect.fnUntraced(function* <E, R>(
  list: Listed,
  work: (page: ReadonlyArray<StoredDocument>) => Effect.Effect<void, E, R>,
  most = Number.POSITIVE_INFINITY
) {
  const documents = yield* DocumentStore
  let cursor: string | undefined
  let seen = 0
  do {
    const page = yield* Effect.catchTag(
      documents.list({ ...list, limit: listLimitMax, cursor }),
      "InvalidCursor",
      Effect.die
    )
    yield* work(page.items)
    seen += page.items.length
    cursor = page.next
    yield* Effect.yieldNow
  } while (cursor !== undefined && seen < most)
})
