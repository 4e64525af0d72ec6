import { Clock, Effect } from "effect"
import { EventStore, restrictedIdsMax } from "../../../ports/analytics/EventStore.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { Cache } from "../../../ports/platform/Cache.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { restrictingWorkspaces, restrictions } from "../../../ports/privacy/PrivacyRequest.ts"
import type { RestrictedPerson, Restriction } from "../../../ports/privacy/PrivacyRequest.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { forEveryPage } from "../../platform/everyPage.ts"
import { everywhere } from "../../platform/installation.ts"
import { gatherItems } from "../../platform/resources.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { hashValue } from "../../questions/hashQuestion.ts"
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

/** At each start and from time to time: a store that was built anew, and for its files the ids that have come since. */
export const applyAllRestrictions = forEveryPage(
  { workspace: everywhere, collection: restrictingWorkspaces.name, index: "by_name", equals: [] },
  (page) =>
    Effect.forEach(
      page,
      ({ id }) =>
        Effect.catchTag(applyRestrictions(WorkspaceId.make(id)), "Refused", ({ detail }) =>
          Effect.logWarning(`restrictions cannot be applied: ${detail}`)
        ),
      { discard: true }
    )
)

/** Who is restricted, the newest first. */
export const listRestrictions = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  limit: number,
  cursor: string | undefined
) {
  const documents = yield* DocumentStore
  const by = { workspace, collection: restrictions.name, index: "by_time", equals: [], limit, cursor }
  const { items, next } = yield* documents.list(by)
  const shown = items.map(({ data }): RestrictedPerson => {
    const { created_at, created_by, ids, person } = data as Restriction
    return { person_id: person, ids, restricted_at: created_at, restricted_by: created_by }
  })
  return { items: shown, next: next ?? null }
})

/** How long {@link restrictedIdsLately} may be old: files of events are up to a minute behind themselves. */
const rememberedMillis = 10_000

/** The same ids, as they were a few seconds ago at the most; whoever was restricted since is among them. */
export const restrictedIdsLately = Effect.fn("restrictedIdsLately")(function* (workspace: WorkspaceId) {
  const standing = yield* gatherItems(restrictions, workspace, ({ created_at, person }: Restriction) => [
    [person, created_at]
  ])
  if (standing.length === 0) return []
  const cache = yield* Cache
  const key = `restricted_ids|${hashValue([workspace, standing])}`
  const known = yield* cache.get(key)
  if (known !== undefined) return JSON.parse(known) as ReadonlyArray<string>
  const ids = yield* restrictedIds(workspace)
  yield* cache.set(key, JSON.stringify(ids), rememberedMillis)
  return ids
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
