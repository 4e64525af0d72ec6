import { Effect } from "effect"
import { DocumentStore, listLimitMax } from "../../ports/documents/DocumentStore.ts"
import type { Workspace } from "../../ports/platform/Workspace.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { defaultWorkspace } from "./installation.ts"
import { collection } from "./workspaces.ts"

/** Does something for each workspace that is not archived, one after the other. */
export const forEveryWorkspace = <E, R>(work: (workspace: WorkspaceId) => Effect.Effect<void, E, R>) =>
  Effect.gen(function* () {
    const documents = yield* DocumentStore
    const by = { workspace: defaultWorkspace, collection: collection.name, index: "by_id", equals: [] }
    let cursor: string | undefined
    do {
      const page = yield* Effect.catchTag(
        documents.list({ ...by, limit: listLimitMax, cursor }),
        "InvalidCursor",
        Effect.die
      )
      for (const { data } of page.items) {
        const { archived_at, id } = data as Workspace
        if (archived_at === null) yield* work(WorkspaceId.make(id))
        yield* Effect.yieldNow
      }
      cursor = page.next
    } while (cursor !== undefined)
  })
