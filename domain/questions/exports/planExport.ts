import { exportColumns, personalExportColumns } from "../../../ports/analytics/EventExport.ts"
import type { ExportColumn, NewExport } from "../../../ports/analytics/EventExport.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { PlanField, PlanFilter } from "../../../ports/analytics/PlanFilter.ts"
import { isZone } from "../../zones/zones.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { readRange } from "../range.ts"
import { planSelection } from "../selection.ts"

export interface PlannedExport {
  readonly fromMillis: number
  readonly toMillis: number
  readonly filter: PlanFilter
  readonly columns: ReadonlyArray<ExportColumn>
}

/** An export with every name, zone and day resolved, or everything that is wrong with it. */
export const planExport = (
  asked: NewExport,
  scope: QuestionScope
): { readonly planned: PlannedExport } | { readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const report = (pointer: string, code: string, detail: string) => void errors.push({ pointer, code, detail })
  const zone = asked.time_zone ?? scope.timeZone
  if (!isZone(zone)) report("/time_zone", "unknown_zone", "must be a zone of the IANA database, like Europe/Berlin")
  const range = readRange(asked.date_range, isZone(zone) ? zone : scope.timeZone, report)
  const selection = planSelection(asked, "", scope)
  errors.push(...selection.errors)
  for (const { field, pointer } of selection.named) {
    if (!isOfEvent(field)) report(pointer, "not_in_exports", "exports filter by what stands in the event itself")
  }
  if (errors.length === 0 && !standsInEvents(selection.filter)) {
    report("/filters", "not_in_exports", "exports filter neither by cohorts nor by encrypted values")
  }
  if (asked.spreadsheet_safe !== undefined && asked.format !== "csv") {
    report("/spreadsheet_safe", "not_for_format", "is for csv alone")
  }
  for (const [index, column] of (asked.columns ?? []).entries()) {
    if (personalExportColumns.has(column) && asked.personal_data !== true) {
      report(`/columns/${index}`, "personal_data", `${column} needs personal_data: true`)
    }
  }
  if (errors.length > 0 || range === undefined) return { errors }
  const columns =
    asked.columns ?? exportColumns.filter((name) => asked.personal_data === true || !personalExportColumns.has(name))
  const { fromMillis, toMillis } = range
  return { planned: { fromMillis, toMillis, filter: selection.filter, columns } }
}

const isOfEvent = ({ kind }: PlanField): boolean => kind !== "trait" && kind !== "cohort" && kind !== "session"

/** Blind indexes are not in the lake, and who belongs to a cohort is not known there. */
const standsInEvents = (filter: PlanFilter): boolean => {
  switch (filter.kind) {
    case "and":
    case "or":
      return filter.filters.every(standsInEvents)
    case "not":
      return standsInEvents(filter.filter)
    case "member_of":
    case "index_is":
    case "bears_index":
      return false
    default:
      return true
  }
}
