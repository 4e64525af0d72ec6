import { Clock, Effect, Stream } from "effect"
import { commitWritesMax, DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite, StoredDocument } from "../../../ports/documents/DocumentStore.ts"
import { segments } from "../../../ports/experiments/Flag.ts"
import type { Segment } from "../../../ports/experiments/Flag.ts"
import type { FlagSnapshots } from "../../../ports/experiments/FlagSnapshots.ts"
import { stickyAssignments } from "../../../ports/experiments/StickyAssignments.ts"
import type { ChangeNotices } from "../../../ports/platform/ChangeNotices.ts"
import type { PersonalDataOf } from "../../../ports/privacy/PersonalData.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { commitAll } from "../../platform/renamePeople.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { documentsNaming } from "../../privacy/documentsNaming.ts"
import { withoutPeople } from "../segmentMembers.ts"
import { definitionHistory, raisedRevision, told } from "./liveDefinitions.ts"
import type { PastDefinition } from "./liveDefinitions.ts"

type Services = DocumentStore | ChangeNotices | FlagSnapshots

/** Segments that list the person, as they are and as they were, and the variants that the person keeps. */
export const personalDataOfExperiments: Effect.Effect<PersonalDataOf, never, Services> = Effect.map(
  Effect.context<Services>(),
  (context) => ({
    export: ({ ids, workspace }) =>
      Stream.fromIterableEffect(
        Effect.map(documentsNaming(workspace, ids, [segments.name, stickyAssignments.name]), (found) =>
          found.map(({ collection, data }) => {
            if (collection === stickyAssignments.name) return { kind: collection, data }
            const { key, members } = data as Segment
            return { kind: segments.name, data: { key, attribute: "attribute" in members ? members.attribute : null } }
          })
        )
      ).pipe(Stream.provideContext(context)),
    erase: [
      {
        store: "segments",
        run: ({ workspace }, ids) => Effect.provideContext(takeFromSegments(workspace, ids), context)
      },
      {
        store: "sticky_assignments",
        run: ({ workspace }, ids) => Effect.provideContext(forgetAssignments(workspace, ids), context)
      }
    ]
  })
)

const forgetAssignments = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
  const found = yield* documentsNaming(workspace, ids, [stickyAssignments.name])
  const removed = yield* commitAll(
    workspace,
    found.map(({ collection, id }) => ({ kind: "delete", collection, id, expected: "any" }))
  )
  return { removed, what: "variants of experiments that were kept for the person" }
})

const takeFromSegments = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
  const documents = yield* DocumentStore
  const erased = new Set(ids)
  const found = yield* documentsNaming(workspace, ids, [segments.name, definitionHistory.name])
  const now = yield* Clock.currentTimeMillis
  for (let at = 0; at < found.length; at += commitWritesMax - 1) {
    const writes = found.slice(at, at + commitWritesMax - 1).map((document) => withoutErased(document, erased))
    yield* withoutConflict(documents.commit(workspace, { writes: [...writes, raisedRevision(now, "any")] }))
  }
  if (found.length > 0) yield* told(workspace)
  const removed = found.filter(({ collection }) => collection === segments.name).length
  return { removed, what: "taken from the segments that listed the person, and from their history" }
})

const withoutErased = (
  { collection, data, id, schema_version, subjects }: StoredDocument,
  erased: ReadonlySet<string>
): DocumentWrite => ({
  kind: "put",
  collection,
  id,
  expected: "any",
  schema_version,
  subjects: subjects.filter((subject) => !erased.has(subject)),
  data: collection === segments.name ? ofSegment(data as Segment, erased) : ofHistory(data as PastDefinition, erased)
})

const ofSegment = (segment: Segment, erased: ReadonlySet<string>): Segment => ({
  ...segment,
  members: withoutPeople(segment.members, erased)
})

const ofHistory = (past: PastDefinition, erased: ReadonlySet<string>): PastDefinition =>
  past.kind === segments.name && past.item !== null ? { ...past, item: ofSegment(past.item as Segment, erased) } : past
