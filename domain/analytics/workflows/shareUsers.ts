import { Effect } from "effect"
import { shares } from "../../../ports/analytics/Share.ts"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"

/** Links that lead to an insight or a dashboard. */
export const usersOfShared = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  kind: "insight" | "dashboard",
  id: string
) {
  const documents = yield* DocumentStore
  const { items } = yield* documents.list({
    workspace,
    collection: shares.name,
    index: `by_${kind}`,
    equals: [id],
    limit: listLimitMax
  })
  return items.map((each) => ({ target: `shares/${each.id}`, name: "a link" }))
})
