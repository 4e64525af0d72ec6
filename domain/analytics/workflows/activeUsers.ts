import { Clock, Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { ActiveUsers } from "../../../ports/analytics/People.ts"
import type { PlanField } from "../../../ports/analytics/PlanFilter.ts"
import type { PlanAnswer, QueryPlan } from "../../../ports/analytics/QueryPlan.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { sourceField } from "../../questions/names.ts"

export const activeListMax = 25
const minuteMillis = 60_000

/**
 * Distinct people with an event in the last minutes, by the identity rules: someone who signed in on a second device is
 * one. Asked of the store, so that a restart forgets nobody. Imported events are not of now, whatever their time says.
 */
export const activeUsers = Effect.fn("activeUsers")(function* (workspace: WorkspaceId, windowMinutes: number) {
  const store = yield* EventStore
  const now = yield* Clock.currentTimeMillis
  const planOf = (breakdown: ReadonlyArray<PlanField>): QueryPlan<"trend"> => ({
    kind: "trend",
    workspace,
    fromMillis: now - windowMinutes * minuteMillis,
    // Clocks of clients may go before ours by as much.
    toMillis: now + windowMinutes * minuteMillis,
    eventTypes: [],
    filter: { kind: "is", field: { kind: "column", column: "historical" }, value: "false" },
    metrics: [{ kind: "people" }],
    breakdown,
    order: { metric: 0, direction: "descending" },
    skip: 0,
    top: activeListMax,
    buckets: [],
    conversions: [],
    unconverted: [],
    revisions: ""
  })
  const by = (field: PlanField) => Effect.map(store.answer(planOf([field])), peopleByValue)
  const total = yield* store.answer(planOf([]))
  const users: ActiveUsers = {
    people: Number(total.rows[0]?.values[0] ?? 0),
    window_minutes: windowMinutes,
    by_page: yield* by({ kind: "column", column: "path" }),
    by_source: yield* by(sourceField),
    by_country: yield* by({ kind: "column", column: "country" })
  }
  return users
})

const peopleByValue = ({ groups, rows }: PlanAnswer<"trend">): ActiveUsers["by_page"] =>
  groups.flatMap(([value], group) => {
    const people = rows.find((row) => row.group === group)?.values[0]
    return value === null || value === undefined ? [] : [{ value, people: Number(people ?? 0) }]
  })
