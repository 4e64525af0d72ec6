import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { filterText } from "./conditionText.ts"
import type { BucketRun } from "../../ports/analytics/TrendPlan.ts"
import { quote } from "./literals.ts"
import { quarterMillis } from "./schema.ts"
import { traitJoins, traitsOf, unitConditions } from "./traitText.ts"

/** Who an event `e` counts for, where its people `p` are joined. */
export const person = "coalesce(p.person, e.subject)"

/** Where events stand; with first events that are gone by retention, or these alone. */
export type EventTable = "events" | "ever" | "firsts"

/** Events with their people, and with the traits that the filter names. */
export const eventsWithPeople = (
  workspace: string,
  filter: PlanFilter,
  accountType?: string,
  table: EventTable = "events"
): string =>
  `store.${table} e left join store.people p on p.subject = e.subject${traitJoins(workspace, traitsOf(filter, []), accountType)}`

/** Those of them for which the filter and the other conditions hold. */
export const selectedEvents = (
  workspace: string,
  filter: PlanFilter,
  conditions: ReadonlyArray<string>,
  accountType?: string,
  table: EventTable = "events"
): string =>
  `${eventsWithPeople(workspace, filter, accountType, table)}
  where ${[`e.workspace = ${quote(workspace)}`, ...conditions, ...unitConditions(accountType), filterText(filter)].join(" and ")}`

/** Whether the filter holds for every event. */
export const isAnyEvent = (filter: PlanFilter): boolean => filter.kind === "and" && filter.filters.every(isAnyEvent)

/** Whether all instants, and all buckets' borders, are borders of `activity`. */
const fitsQuarters = (buckets: ReadonlyArray<BucketRun>, instants: ReadonlyArray<number>): boolean =>
  [...buckets.flatMap(({ fromMillis, widthMillis }) => [fromMillis, widthMillis]), ...instants].every(
    (millis) => millis % quarterMillis === 0
  )

/**
 * The same where it matters alone who was active in which bucket: by quarters of an hour where every event counts and
 * nothing asked for cuts one.
 */
export const activeEvents = (
  workspace: string,
  filter: PlanFilter,
  conditions: ReadonlyArray<string>,
  buckets: ReadonlyArray<BucketRun>,
  instants: ReadonlyArray<number>,
  accountType?: string
): string =>
  accountType === undefined && isAnyEvent(filter) && fitsQuarters(buckets, instants)
    ? `(select workspace, subject, quarter * ${quarterMillis}::bigint as time_ms from store.activity) e left join store.people p on p.subject = e.subject
  where ${[`e.workspace = ${quote(workspace)}`, ...conditions].join(" and ")}`
    : selectedEvents(workspace, filter, conditions, accountType)
