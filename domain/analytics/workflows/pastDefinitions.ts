import { Context, Effect } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readItem } from "../../platform/resources.ts"
import { keptRevision } from "../../platform/revisions.ts"
import { definitionOf } from "../../questions/revisions.ts"

/** Revisions of the definitions that an answer from before rests on, where its bytes are asked for again. */
export const PastDefinitions: Context.Reference<ReadonlyMap<string, number>> = Context.Reference<
  ReadonlyMap<string, number>
>("domain/analytics/PastDefinitions", { defaultValue: () => new Map() })

/**
 * A definition as it stands, or as it stood for the answer that is asked for again. What is not kept any more is answered
 * as it stands: its revision then tells that it is another one.
 */
export const readDefinition = Effect.fnUntraced(function* <Definition>(
  workspace: WorkspaceId,
  kind: { readonly name: string },
  id: string
) {
  const documents = yield* DocumentStore
  const wanted = (yield* PastDefinitions).get(definitionOf(kind, id))
  const standing = yield* documents.get(workspace, kind.name, id)
  const found =
    wanted === undefined || standing === undefined || standing.revision === wanted
      ? undefined
      : yield* keptRevision<Definition>(kind, workspace, id, wanted)
  if (found !== undefined) return found
  return standing === undefined ? undefined : { item: standing.data as Definition, revision: standing.revision }
})

/** The same; what is not there is refused as by {@link readItem}. */
export const readDefined = Effect.fnUntraced(function* <Definition>(
  kind: { readonly name: string; readonly singular: string },
  workspace: WorkspaceId,
  id: string
) {
  return (yield* readDefinition<Definition>(workspace, kind, id)) ?? (yield* readItem<Definition>(kind, workspace, id))
})
