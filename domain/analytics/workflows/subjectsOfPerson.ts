import { Effect } from "effect"
import { EventStore, isReservedId } from "../../../ports/analytics/EventStore.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { Subjects } from "../../../ports/privacy/PersonalData.ts"
import { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { idAtDoor } from "./idAtDoor.ts"
import { currentMerges } from "./mergePeople.ts"

/** Every id that is the person's alone, as stored, with users that count as the person; the id itself of one who is unknown. */
export const subjectIds = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const store = yield* EventStore
  const merges = yield* currentMerges(workspace)
  const found = yield* store.subjectsOf(workspace, id)
  const own = new Set(found.length > 0 ? found : [id])
  const roots = new Set(merges.filter(({ from, into }) => own.has(from) || own.has(into)).map(({ into }) => into))
  for (const root of roots) own.add(root)
  for (const { from, into } of merges) if (roots.has(into)) own.add(from)
  for (const user of roots) for (const subject of yield* store.subjectsOf(workspace, user)) own.add(subject)
  return own
})

/** Whether anything is or was known of such a person. */
const isKnown = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  if (isReservedId(id)) return false
  const subjectKeys = yield* SubjectKeys
  if (subjectKeys.tombstones.has(workspace, id)) return true
  const store = yield* EventStore
  if ((yield* store.subjectsOf(workspace, id)).length > 0) return true
  if ((yield* subjectKeys.get(workspace, [id])).size > 0) return true
  const documents = yield* DocumentStore
  return (yield* documents.listBySubject(workspace, id)).length > 0
})

/** The person's subjects; refused where nothing is or was known of such a person. */
export const subjectsOfPerson = Effect.fn("subjectsOfPerson")(function* (workspace: WorkspaceId, asked: string) {
  const person = yield* idAtDoor(workspace, asked)
  if (!(yield* isKnown(workspace, person))) {
    return yield* new Refused({ kind: "not-found", detail: "there is no such person", errors: [] })
  }
  const subjects: Subjects = { workspace, person, ids: [...(yield* subjectIds(workspace, person))].toSorted() }
  return subjects
})
