import { Effect } from "effect"
import { alerts } from "../../../ports/analytics/Alert.ts"
import { channelRules } from "../../../ports/analytics/ChannelRules.ts"
import { cohorts } from "../../../ports/analytics/Cohort.ts"
import { funnels } from "../../../ports/analytics/Funnel.ts"
import { goals } from "../../../ports/analytics/Goal.ts"
import { insights } from "../../../ports/analytics/Insight.ts"
import { commitWritesMax, DocumentStore, StaleRevision } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../../ports/documents/DocumentStore.ts"
import { keptRevisions } from "../../../ports/documents/Revision.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { erasedNames } from "../../platform/renamePeople.ts"
import { documentsNaming } from "../../privacy/documentsNaming.ts"
import { mapPeople, peopleInFilters } from "../../privacy/peopleInFilters.ts"
import { storedIds } from "../../privacy/storedIds.ts"

/** Definitions whose conditions may name people, and what they were. */
const collections = [
  alerts.name,
  channelRules.name,
  cohorts.name,
  funnels.name,
  goals.name,
  insights.name,
  keptRevisions.name
]

/** Of each definition that names the person where it does so, and nothing of what it says of others. */
export const definitionsNaming = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
  const stored = yield* storedIds(workspace)
  const found = yield* documentsNaming(workspace, ids, collections)
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
    const found = yield* documentsNaming(workspace, ids, collections)
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
