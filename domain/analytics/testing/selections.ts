import * as fc from "fast-check"
import type { EventSelection } from "../../../ports/analytics/FunnelQuestion.ts"
import type { Filter } from "../../../ports/analytics/Question.ts"
import type { Belongs } from "./cohorts.ts"
import { amountOf } from "./reference.ts"
import type { Event } from "./reference.ts"

/** Selections of the events of `histories.ts`; few, so that they repeat and overlap. */
export const selection: fc.Arbitrary<EventSelection> = fc.record(
  {
    event_types: fc.subarray(["page_view", "user_signed_up", "order_completed", "order_refunded"], {
      minLength: 1,
      maxLength: 2
    }),
    filters: fc.constantFrom<Filter>(
      { dimension: "country", operator: "is", value: "DE" },
      { dimension: "property:amount", operator: "gt", value: 0 },
      { cohort: "list", operator: "is_member" },
      { cohort: "buyers", operator: "is_not_member" }
    )
  },
  { requiredKeys: ["event_types"] }
)

export const country = (event: Event): string | null => event.geo?.country ?? null

/** Whether one of the filters above holds. */
export const filterHolds = (filter: Filter, event: Event, belongs: Belongs): boolean => {
  if ("cohort" in filter) return belongs(filter.cohort, event) === (filter.operator === "is_member")
  return (
    "dimension" in filter &&
    (filter.dimension === "country" ? country(event) === filter.value : (amountOf(event) ?? 0) > 0)
  )
}

/** What the selection says, in the plainest words. */
export const matcher =
  ({ event_types: types = [], filters }: EventSelection, belongs: Belongs) =>
  (event: Event): boolean =>
    types.includes(event.event_type) && (filters === undefined || filterHolds(filters, event, belongs))
