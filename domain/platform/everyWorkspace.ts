import { Effect } from "effect"
import type { Workspace } from "../../ports/platform/Workspace.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { forEveryPage } from "./everyPage.ts"
import { defaultWorkspace } from "./installation.ts"
import { collection } from "./workspaces.ts"

/**
 * Does something for each of them, one after the other; where it fails, which is logged, the others still have their
 * turn. Answers what was done, and the first failure.
 */
export const forEachApart = Effect.fnUntraced(function* <Item, A, E extends Error, R>(
  items: ReadonlyArray<Item>,
  workspaceOf: (item: Item) => string,
  work: (item: Item) => Effect.Effect<A, E, R>
) {
  const done: Array<A> = []
  const failures: Array<E> = []
  for (const item of items) {
    yield* Effect.matchEffect(work(item), {
      onSuccess: (value) => Effect.sync(() => void done.push(value)),
      onFailure: (failure) =>
        Effect.andThen(
          Effect.logWarning(failure.message).pipe(Effect.annotateLogs({ workspace: workspaceOf(item) })),
          Effect.sync(() => void failures.push(failure))
        )
    })
    yield* Effect.yieldNow
  }
  return { done, failure: failures[0] }
})

/** Does something for each workspace that is not archived; the failure of one, the first, comes when all had their turn. */
export const forEveryWorkspace = <E extends Error, R>(work: (workspace: WorkspaceId) => Effect.Effect<void, E, R>) =>
  Effect.gen(function* () {
    const by = { workspace: defaultWorkspace, collection: collection.name, index: "by_id", equals: [] }
    let first: E | undefined
    yield* forEveryPage(
      by,
      Effect.fnUntraced(function* (page) {
        const live = page.map(({ data }) => data as Workspace).filter(({ archived_at }) => archived_at === null)
        const workspaces = live.map(({ id }) => WorkspaceId.make(id))
        const { failure } = yield* forEachApart(workspaces, (workspace) => workspace, work)
        first ??= failure
      })
    )
    if (first !== undefined) return yield* Effect.fail(first)
  })
