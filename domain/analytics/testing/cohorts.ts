import { Effect } from "effect"
import { cohorts } from "../../../ports/analytics/Cohort.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { partsOf } from "../workflows/cohortLists.ts"
import { membersOf } from "./cohortReference.ts"
import type { ReferenceCohort } from "./cohortReference.ts"
import { personOf } from "./reference.ts"
import type { Event } from "./reference.ts"

/** Whether an event's person belongs to the kept cohort of that id. */
export type Belongs = (cohort: string, event: Event) => boolean

/** Cohorts that stand in every workspace of a history, by id. */
export const keptCohorts: Readonly<Record<string, ReferenceCohort>> = {
  list: { listed: ["u", "a", "c", "kiosk", "nobody"] },
  buyers: {
    or: [
      { did: { event_types: ["order_completed"] }, at_least: 2 },
      { cohort: "list", operator: "is_member" }
    ]
  }
}

const typesOnly =
  ({ event_types: types = [] }: { readonly event_types?: ReadonlyArray<string> }) =>
  (event: Event) =>
    types.includes(event.event_type)

export const storeCohorts = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  kept: Readonly<Record<string, ReferenceCohort>> = keptCohorts
) {
  const documents = yield* DocumentStore
  for (const [id, cohort] of Object.entries(kept)) {
    const isList = "listed" in cohort
    const stamps = { created_at: 0, created_by: "test", changed_at: 0, changed_by: "test" }
    const membership = isList ? { kind: "static" } : { kind: "live", rule: cohort }
    yield* documents.commit(workspace, {
      writes: [
        {
          kind: "put",
          collection: cohorts.name,
          id,
          expected: "any",
          schema_version: 1,
          subjects: [],
          data: { id, name: id, membership, ...stamps }
        },
        ...(isList ? partsOf(id, { people: cohort.listed, users: [], devices: [] }) : [])
      ]
    })
  }
})

export const belongsTo = (all: ReadonlyArray<Event>, merges: ReadonlyMap<string, string>, before?: number): Belongs => {
  const person = personOf(all, merges)
  const members = new Map(
    Object.entries(keptCohorts).map(([id, cohort]) => [
      id,
      membersOf(cohort, { all, merges, cohorts: keptCohorts, counts: typesOnly, before })
    ])
  )
  return (cohort, event) => members.get(cohort)!.has(person(event))
}
