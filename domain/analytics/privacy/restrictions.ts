import { Clock, Effect } from "effect"
import { EventStore, restrictedIdsMax } from "../../../ports/analytics/EventStore.ts"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { restrictingWorkspaces, restrictions } from "../../../ports/privacy/PrivacyRequest.ts"
import type { Restriction } from "../../../ports/privacy/PrivacyRequest.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { everywhere } from "../../platform/installation.ts"
import { gatherItems } from "../../platform/resources.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { rewriteExports } from "../workflows/exports.ts"
import { subjectIds } from "../workflows/subjectsOfPerson.ts"

/** Every id of whoever is restricted, those that they have got since, too. */
export const restrictedIds = Effect.fn("restrictedIds")(function* (workspace: WorkspaceId) {
  const standing = yield* gatherItems(restrictions, workspace, (each: Restriction) => [each])
  const ids = new Set<string>()
  for (const { ids: known, person } of standing) {
    for (const id of known) ids.add(id)
    for (const id of yield* subjectIds(workspace, person)) ids.add(id)
  }
  return [...ids].toSorted()
})

const refuseMany = (ids: number) => {
  if (ids <= restrictedIdsMax) return Effect.void
  const detail = `${restrictedIdsMax} ids of restricted people at the most`
  return Effect.fail(new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code: "too_many", detail }] }))
}

/** Tells the event store who is restricted, as it is now. */
const applyRestrictions = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const store = yield* EventStore
  const ids = yield* restrictedIds(workspace)
  yield* refuseMany(ids.length)
  yield* store.setRestricted(workspace, ids)
})

/** At each start and from time to time: a store that was built anew, and ids that have come since. */
export const applyAllRestrictions = Effect.gen(function* () {
  const documents = yield* DocumentStore
  const by = { workspace: everywhere, collection: restrictingWorkspaces.name, index: "by_name", equals: [] }
  let cursor: string | undefined
  do {
    const page = yield* Effect.catchTag(
      documents.list({ ...by, limit: listLimitMax, cursor }),
      "InvalidCursor",
      Effect.die
    )
    for (const { id } of page.items) {
      yield* Effect.catchTag(applyRestrictions(WorkspaceId.make(id)), "Refused", ({ detail }) =>
        Effect.logWarning(`restrictions cannot be applied: ${detail}`)
      )
    }
    cursor = page.next
  } while (cursor !== undefined)
})

/** From then on nothing that the person did counts in any answer or file, nor what they do; it is kept. May be repeated. */
export const restrict = Effect.fn("restrict")(function* (actor: Actor, person: string) {
  const documents = yield* DocumentStore
  const { workspace } = actor
  const ids = [...(yield* subjectIds(workspace, person))].toSorted()
  // Before anything is written: a restriction that cannot be applied must not stand.
  yield* refuseMany(new Set([...(yield* restrictedIds(workspace)), ...ids]).size)
  const now = yield* Clock.currentTimeMillis
  const put = { kind: "put", expected: "any", schema_version: 1 } as const
  const place = { collection: restrictingWorkspaces.name, id: workspace, subjects: [], data: { name: workspace } }
  yield* withoutConflict(documents.commit(everywhere, { writes: [{ ...put, ...place }] }))
  const data: Restriction = { id: person, person, ids, created_at: now, created_by: actor.keyId }
  const target = `${restrictions.name}/${person}`
  yield* withoutConflict(
    documents.commit(workspace, {
      writes: [{ ...put, collection: restrictions.name, id: person, subjects: ids, data }],
      audit: [yield* auditOf(actor, now, "person.restricted", target, undefined, undefined, ids)]
    })
  )
  yield* applyRestrictions(workspace)
  yield* rewriteExports(workspace)
})

/** Everything of the person counts again. */
export const liftRestriction = Effect.fn("liftRestriction")(function* (actor: Actor, person: string) {
  const documents = yield* DocumentStore
  const { workspace } = actor
  const ids = yield* subjectIds(workspace, person)
  const now = yield* Clock.currentTimeMillis
  const standing = yield* gatherItems(restrictions, workspace, (each: Restriction) =>
    [each.person, ...each.ids].some((id) => ids.has(id)) ? [each] : []
  )
  for (const { ids: known, person: restricted } of standing) {
    const target = `${restrictions.name}/${restricted}`
    yield* withoutConflict(
      documents.commit(workspace, {
        writes: [{ kind: "delete", collection: restrictions.name, id: restricted, expected: "any" }],
        audit: [yield* auditOf(actor, now, "person.restriction_lifted", target, undefined, undefined, known)]
      })
    )
  }
  yield* applyRestrictions(workspace)
  yield* rewriteExports(workspace)
})
