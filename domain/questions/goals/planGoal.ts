import type { GoalValue, NewGoal } from "../../../ports/analytics/Goal.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { PlanColumn, PlanFilter } from "../../../ports/analytics/PlanFilter.ts"
import { exponentOf, toMinorUnits } from "../../money/minorUnits.ts"
import { isEncrypted, isOfOwner } from "../names.ts"
import { isPattern, patternCharactersMax, planFilter, wildcardsMax } from "../planFilter.ts"
import type { FilterScope, NamedField } from "../planFilter.ts"
import type { Report } from "../Report.ts"

export interface PlannedGoal {
  readonly conversions: PlanFilter
  readonly named: ReadonlyArray<NamedField>
  readonly errors: ReadonlyArray<FieldError>
}

const column = (name: PlanColumn) => ({ kind: "column" as const, column: name })
const isOfType = (type: string): PlanFilter => ({ kind: "is", field: column("event_type"), value: type })

/** Which events are conversions of a goal, or everything that is wrong with it. */
export const planGoal = ({ filters, on, value }: Omit<NewGoal, "name">, scope: FilterScope): PlannedGoal => {
  const errors: Array<FieldError> = []
  const report: Report = (pointer, code, detail) => void errors.push({ pointer, code, detail })
  if ("page" in on && !(on.page.startsWith("/") || on.page.startsWith("*")))
    report("/on/page", "not_a_path", "must begin with / or a wildcard, like /blog/** or **/thanks")
  if ("page" in on && !isPattern(on.page))
    report("/on/page", "too_long", `up to ${patternCharactersMax} characters with up to ${wildcardsMax} wildcards`)
  const { cohorts: _, ...ofEvent } = { ...scope, goals: undefined }
  const filter = filters === undefined ? undefined : planFilter(filters, "/filters", ofEvent)
  for (const { field, pointer } of filter?.named ?? [])
    if (isOfOwner(field))
      report(pointer, "unknown_dimension", "a goal looks at the event alone: not at its person or its account")
  errors.push(...(filter?.errors ?? []))
  if (value !== undefined) checkValue(value, on, scope, report)
  const trigger: PlanFilter =
    "page" in on
      ? { kind: "and", filters: [isOfType("page_view"), { kind: "matches", field: column("path"), pattern: on.page }] }
      : isOfType(on.event_type)
  return {
    conversions: filter === undefined ? trigger : { kind: "and", filters: [trigger, filter.filter] },
    named: filter?.named ?? [],
    errors
  }
}

const checkValue = (value: GoalValue, on: NewGoal["on"], scope: FilterScope, report: Report): void => {
  if (value.kind === "revenue") {
    if (!("event_type" in on) || on.event_type !== "order_completed")
      report("/value/kind", "not_an_order", "revenue is of orders: on { event_type: order_completed }")
    return
  }
  if (exponentOf(value.currency) === undefined)
    report("/value/currency", "unknown_currency", `${value.currency} is no ISO 4217 currency`)
  else if (value.kind === "fixed" && typeof toMinorUnits(value.amount, value.currency) !== "number")
    report("/value/amount", "not_an_amount", "must be a decimal, not negative and no finer than the currency")
  if (value.kind === "property" && isEncrypted({ kind: "property", name: value.property }, scope.personalFields))
    report("/value/property", "encrypted_field", `${value.property} is encrypted`)
}
