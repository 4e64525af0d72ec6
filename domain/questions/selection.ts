import type { EventSelection } from "../../ports/analytics/FunnelQuestion.ts"
import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { eventTypesMax } from "../../ports/analytics/Question.ts"
import { conversionsOfGoal, planFilter } from "./planFilter.ts"
import type { FilterScope, NamedField } from "./planFilter.ts"
import type { Report } from "./Report.ts"

export interface PlannedSelection {
  readonly filter: PlanFilter
  readonly named: ReadonlyArray<NamedField>
  /** Event types that it names, and where. */
  readonly types: ReadonlyArray<{ readonly name: string; readonly pointer: string }>
  readonly errors: ReadonlyArray<FieldError>
}

/** Which events a step, a goal or a cohort means, as one condition. */
export const planSelection = (
  { event_types: types = [], filters, goal }: EventSelection,
  pointer: string,
  scope: FilterScope
): PlannedSelection => {
  const errors: Array<FieldError> = []
  const report: Report = (at, code, detail) => void errors.push({ pointer: at, code, detail })
  const conversions = goal === undefined ? [] : [conversionsOfGoal(goal, `${pointer}/goal`, scope, report)]
  const planned = filters === undefined ? undefined : planFilter(filters, `${pointer}/filters`, scope)
  if (types.length > eventTypesMax) report(`${pointer}/event_types`, "too_many", `${eventTypesMax} at the most`)
  const ofType: ReadonlyArray<PlanFilter> =
    types.length === 0
      ? []
      : [{ kind: "one_of", field: { kind: "column", column: "event_type" }, values: types.toSorted() }]
  return {
    filter: { kind: "and", filters: [...ofType, ...conversions, ...(planned === undefined ? [] : [planned.filter])] },
    named: planned?.named ?? [],
    types: types.map((name, index) => ({ name, pointer: `${pointer}/event_types/${index}` })),
    errors: [...errors, ...(planned?.errors ?? [])]
  }
}
