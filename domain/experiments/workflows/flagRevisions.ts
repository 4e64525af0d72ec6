import { Effect } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { flags } from "../../../ports/experiments/Flag.ts"
import type { Flag } from "../../../ports/experiments/Flag.ts"
import type { FlagRevision } from "../../../ports/experiments/FlagRevision.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { definitionHistory } from "./liveDefinitions.ts"
import type { PastDefinition } from "./liveDefinitions.ts"

const revisionOf = ({ change, change_request, changed_at, changed_by, item }: PastDefinition): FlagRevision => {
  const by = { changed_at, changed_by, change_request: change_request ?? null }
  if (item === null) return { ...by, change: "deleted", flag: null }
  const flag = item as Flag
  return { ...by, change: change ?? (flag.created_at === changed_at ? "made" : "changed"), flag }
}

/** All that a flag ever was, newest first; also of one that is deleted. */
export const listFlagRevisions = Effect.fn("listFlagRevisions")(function* (
  workspace: WorkspaceId,
  key: string,
  limit: number,
  cursor: string | undefined
) {
  const documents = yield* DocumentStore
  const equals = [flags.name, key]
  const changes = { workspace, collection: definitionHistory.name, index: "by_definition", equals }
  const { items, next } = yield* documents.list({ ...changes, limit, cursor })
  if (items.length === 0 && cursor === undefined) {
    return yield* new Refused({ kind: "not-found", detail: `there never was a flag ${key}`, errors: [] })
  }
  return { items: items.map(({ data }) => revisionOf(data as PastDefinition)), next: next ?? null }
})
