import { Effect } from "effect"
import { alerts } from "../../../ports/analytics/Alert.ts"
import { channelRules } from "../../../ports/analytics/ChannelRules.ts"
import { cohorts } from "../../../ports/analytics/Cohort.ts"
import { digests } from "../../../ports/analytics/Digest.ts"
import { eventExports } from "../../../ports/analytics/EventExport.ts"
import { funnels } from "../../../ports/analytics/Funnel.ts"
import { goals } from "../../../ports/analytics/Goal.ts"
import { insights } from "../../../ports/analytics/Insight.ts"
import { commitWritesMax, DocumentStore, StaleRevision } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite, StoredDocument } from "../../../ports/documents/DocumentStore.ts"
import { keptRevisions } from "../../../ports/documents/Revision.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { forEveryPage } from "../../platform/everyPage.ts"
import { erasedNames } from "../../platform/renamePeople.ts"
import { mapPeople, peopleInFilters } from "../../privacy/peopleInFilters.ts"
import { storedIds } from "../../privacy/storedIds.ts"
import { channelRulesId } from "../workflows/keptChannelRules.ts"

/** Definitions whose conditions and recipients may be people, what they were, and exports, by an index that holds all of them. */
const lists: ReadonlyArray<readonly [collection: string, index: string]> = [
  [alerts.name, "by_time"],
  [cohorts.name, "by_time"],
  [digests.name, "by_time"],
  [eventExports.name, "by_time"],
  [funnels.name, "by_time"],
  [goals.name, "by_time"],
  [insights.name, "by_time"],
  [keptRevisions.name, "by_definition"]
]

/**
 * Documents with conditions that compare with one of the ids. All are looked through: a former version of the product, and
 * exports, do not say as whom their conditions name.
 */
const definitionsComparing = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
  const stored = yield* storedIds(workspace)
  const among = new Set(ids)
  const found: Array<StoredDocument> = []
  const look = (page: ReadonlyArray<StoredDocument>) =>
    Effect.sync(() => {
      for (const document of page)
        if (peopleInFilters(document.data).some(({ id }) => among.has(stored(id)))) found.push(document)
    })
  for (const [collection, index] of lists) yield* forEveryPage({ workspace, collection, index, equals: [] }, look)
  const rules = yield* (yield* DocumentStore).get(workspace, channelRules.name, channelRulesId)
  yield* look(rules === undefined ? [] : [rules])
  return found
})

/** Of each definition that names the person where it does so, and nothing of what it says of others. */
export const definitionsNaming = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
  const stored = yield* storedIds(workspace)
  const found = yield* definitionsComparing(workspace, ids)
  return found.map(({ collection, data, id }) => ({
    collection,
    data: {
      id,
      places: peopleInFilters(data)
        .filter((each) => ids.includes(stored(each.id)))
        .map(({ pointer }) => pointer)
    }
  }))
})

const overtakenTriesMax = 10

/**
 * The conditions name the person's HMAC instead: what they mean of everybody else stays. Each document at the revision
 * that it was read at: a change that comes in between is not undone, but looked at anew.
 */
export const takeFromDefinitions = Effect.fnUntraced(
  function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
    const documents = yield* DocumentStore
    const { isGone, nameOf } = yield* erasedNames(workspace, ids)
    const found = yield* definitionsComparing(workspace, ids)
    const writes = found.map(({ collection, data, id, revision, schema_version, subjects }): DocumentWrite => ({
      kind: "put",
      collection,
      id,
      expected: revision,
      schema_version,
      subjects: subjects.filter((subject) => !isGone(subject)),
      data: mapPeople(data, (each) => nameOf.get(each) ?? each)
    }))
    for (let at = 0; at < writes.length; at += commitWritesMax)
      yield* documents
        .commit(workspace, { writes: writes.slice(at, at + commitWritesMax) })
        .pipe(Effect.catchTag("DuplicateKey", Effect.die))
    return writes.length
  },
  Effect.retry({ times: overtakenTriesMax, while: (failure) => failure instanceof StaleRevision })
)
