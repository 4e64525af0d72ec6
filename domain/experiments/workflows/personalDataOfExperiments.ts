import { Clock, Effect, Stream } from "effect"
import { commitWritesMax, DocumentStore, StaleRevision } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite, StoredDocument } from "../../../ports/documents/DocumentStore.ts"
import { changeRequests } from "../../../ports/experiments/ChangeRequest.ts"
import type { ChangeRequest } from "../../../ports/experiments/ChangeRequest.ts"
import { archetypes } from "../../../ports/experiments/Archetype.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import { flags, segments } from "../../../ports/experiments/Flag.ts"
import { releases } from "../../../ports/experiments/GuardedRelease.ts"
import type { FlagSnapshots } from "../../../ports/experiments/FlagSnapshots.ts"
import { qaLinks } from "../../../ports/experiments/QaLink.ts"
import type { QaLink } from "../../../ports/experiments/QaLink.ts"
import { qaOverrides } from "../../../ports/experiments/QaOverride.ts"
import { RecentContexts } from "../../../ports/experiments/RecentContexts.ts"
import { stickyAssignments } from "../../../ports/experiments/StickyAssignments.ts"
import type { ChangeNotices } from "../../../ports/platform/ChangeNotices.ts"
import type { PersonalDataOf } from "../../../ports/privacy/PersonalData.ts"
import type { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { completeSubjects } from "../../platform/completeSubjects.ts"
import type { Walked } from "../../platform/completeSubjects.ts"
import { commitAll, erasedNames } from "../../platform/renamePeople.ts"
import { documentsNaming } from "../../privacy/documentsNaming.ts"
import { storedIds } from "../../privacy/storedIds.ts"
import { groupsOfIds } from "../../targeting/namedPeople.ts"
import { mapDrafts, peopleOfRequest } from "../changes/draftPeople.ts"
import { definitionWithout, peopleOfDefinition, subjectsOfDefinition } from "../definitionPeople.ts"
import { putRequest, subjectsOfRequest } from "./requestDocuments.ts"
import { definitionHistory, raisedRevision, readDefinitions, told } from "./liveDefinitions.ts"
import type { PastDefinition } from "./liveDefinitions.ts"

type Services = DocumentStore | ChangeNotices | FlagSnapshots | RecentContexts | SubjectKeys

/** Definitions whose conditions, lists and metrics may name people. */
const namingPeople: ReadonlyArray<string> = [
  segments.name,
  flags.name,
  experiments.name,
  qaOverrides.name,
  releases.name
]

/** Definitions that name the person, as they are, were and are drafted, and the variants that the person keeps. */
export const personalDataOfExperiments: Effect.Effect<PersonalDataOf, never, Services> = Effect.map(
  Effect.context<Services>(),
  (context) => ({
    export: ({ ids, workspace }) =>
      Stream.fromIterableEffect(recordsOf(workspace, ids)).pipe(Stream.provideContext(context)),
    erase: [
      {
        store: "definitions",
        run: ({ workspace }, ids) => Effect.provideContext(takeFromDefinitions(workspace, ids), context)
      },
      {
        store: "archetypes",
        run: ({ workspace }, ids) =>
          Effect.provideContext(
            removeNaming(workspace, ids, archetypes.name, "archetypes that bore an id of the person"),
            context
          )
      },
      {
        store: "qa_links",
        run: ({ workspace }, ids) =>
          Effect.provideContext(
            removeNaming(workspace, ids, qaLinks.name, "links for testers that named the person"),
            context
          )
      },
      {
        store: "sticky_assignments",
        run: ({ workspace }, ids) =>
          Effect.provideContext(
            removeNaming(
              workspace,
              ids,
              stickyAssignments.name,
              "variants of experiments that were kept for the person"
            ),
            context
          )
      },
      {
        store: "recent_contexts",
        run: ({ workspace }, ids) => Effect.provideContext(forgetContexts(workspace, ids), context)
      }
    ]
  })
)

const collections = [...namingPeople, definitionHistory.name, changeRequests.name]

/** Collections whose documents are told, and go, whole. */
const whole = [archetypes.name, qaLinks.name, stickyAssignments.name]

/** What is told of a definition: where in it the person stands, nothing of what is said of others. */
const recordsOf = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
  const isOne = yield* isAmong(workspace, ids)
  yield* completeSubjects(workspace, walked)
  const found = yield* documentsNaming(workspace, ids, [...collections, ...whole])
  const areIds = yield* segmentsOfIds(workspace, found)
  const recent = (yield* RecentContexts).naming(workspace, isOne)
  const contexts = recent.map(({ at, attributes }) => ({ kind: "recent_contexts", data: { at, attributes } }))
  const records = found.flatMap((document) => {
    if (document.collection === changeRequests.name) {
      const request = document.data as ChangeRequest
      const places = peopleOfRequest(request, areIds).filter(({ people }) => [...people].some(isOne))
      if (places.length === 0) return []
      return { kind: document.collection, data: { id: request.id, places: places.map(({ pointer }) => pointer) } }
    }
    if (document.collection === qaLinks.name) {
      const { expires_at, id } = document.data as QaLink
      return { kind: document.collection, data: { id, expires_at } }
    }
    if (!collections.includes(document.collection)) return { kind: document.collection, data: document.data }
    const { item, kind, past } = definitionIn(document)
    const places = peopleOfDefinition(kind, item, areIds)
      .filter(({ people }) => [...people].some(isOne))
      .map(({ pointer }) => pointer)
    // A list of something else that has the same value: the person is not meant.
    if (places.length === 0) return []
    const { id } = item as { readonly id: string }
    return past === undefined
      ? { kind, data: { id, places } }
      : { kind: definitionHistory.name, data: { definition: `${kind}/${id}`, changed_at: past.changed_at, places } }
  })
  return [...records, ...contexts]
})

/** Segments with whose values ids are compared, by what stands, and by those that were found. */
const segmentsOfIds = Effect.fnUntraced(function* (workspace: WorkspaceId, found: ReadonlyArray<StoredDocument>) {
  const { definitions } = yield* readDefinitions(workspace)
  const groups = groupsOfIds([definitions.flags, definitions.segments, definitions.experiments, found])
  return (segment: string) => groups.has(segment)
})

/** Where people may stand that documents from before do not say. */
const walked: Walked = {
  name: "definitions",
  version: 3,
  lists: (workspace) =>
    Effect.succeed([
      ...namingPeople.map((collection) => ({ workspace, collection, index: "by_time", equals: [] })),
      { workspace, collection: definitionHistory.name, index: "by_time", equals: [] },
      { workspace, collection: changeRequests.name, index: "by_time", equals: [] }
    ]),
  subjectsOf: (document, stored) => {
    if (document.collection === changeRequests.name) return subjectsOfRequest(document.data as ChangeRequest, stored)
    const { item, kind } = definitionIn(document)
    return item === null ? [] : subjectsOfDefinition(kind, item, stored)
  }
}

/** The definition that a document holds, or held. */
const definitionIn = ({ collection, data }: StoredDocument) => {
  if (collection !== definitionHistory.name) return { kind: collection, item: data, past: undefined }
  const past = data as PastDefinition
  return { kind: past.kind, item: past.item, past }
}

/** Whether an id as definitions write it is one of those, which are as they are stored. */
const isAmong = (workspace: WorkspaceId, ids: ReadonlyArray<string>) =>
  Effect.map(storedIds(workspace), (stored) => {
    const among = new Set(ids)
    return (id: string) => among.has(stored(id))
  })

const removeNaming = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  ids: ReadonlyArray<string>,
  of: string,
  what: string
) {
  const found = yield* documentsNaming(workspace, ids, [of])
  const removed = yield* commitAll(
    workspace,
    found.map(({ collection, id }) => ({ kind: "delete", collection, id, expected: "any" }))
  )
  return { removed, what }
})

/** Of this process; another one forgets a context within a day. */
const forgetContexts = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
  const isOne = yield* isAmong(workspace, ids)
  const removed = (yield* RecentContexts).forget(workspace, isOne)
  return { removed, what: "contexts for which flags were evaluated of late, in memory" }
})

const overtakenTriesMax = 10

/** Each document at the revision that it was read at: a change that comes in between is not undone, but looked at anew. */
const takeFromDefinitions = Effect.fnUntraced(
  function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
    const documents = yield* DocumentStore
    const stored = yield* storedIds(workspace)
    const { nameOf } = yield* erasedNames(workspace, ids)
    yield* completeSubjects(workspace, walked)
    const found = yield* documentsNaming(workspace, ids, collections)
    const areIds = yield* segmentsOfIds(workspace, found)
    const now = yield* Clock.currentTimeMillis
    for (let at = 0; at < found.length; at += commitWritesMax - 1) {
      const writes = found.slice(at, at + commitWritesMax - 1).map((document): DocumentWrite => {
        const { collection, id, revision, schema_version } = document
        if (collection === changeRequests.name) {
          // Approvals stay: that a person is gone is no other draft.
          const without = <Draft>(kind: string, draft: Draft) => definitionWithout(kind, draft, nameOf.get, areIds)
          return putRequest(mapDrafts(document.data as ChangeRequest, without), revision, stored)
        }
        const { item, kind, past } = definitionIn(document)
        const left = definitionWithout(kind, item, nameOf.get, areIds)
        const subjects = subjectsOfDefinition(kind, left, stored)
        const data = past === undefined ? left : { ...past, item: left }
        return { kind: "put", collection, id, expected: revision, schema_version, subjects, data }
      })
      yield* documents
        .commit(workspace, { writes: [...writes, raisedRevision(now, "any")] })
        .pipe(Effect.catchTag("DuplicateKey", Effect.die))
    }
    if (found.length > 0) yield* told(workspace)
    const removed = found.filter(({ collection }) => namingPeople.includes(collection)).length
    return {
      removed,
      what: "taken from the conditions, lists, metrics and recipients of the flags, experiments, releases, segments and overrides that named the person, from their history and from drafts"
    }
  },
  Effect.retry({ times: overtakenTriesMax, while: (failure) => failure instanceof StaleRevision })
)
