import type { PageSelection } from "../../../ports/analytics/HeatmapPlan.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { pageListMax, pageListUsual } from "../../../ports/analytics/PageQuestion.ts"
import type { DeviceClass } from "../../../ports/analytics/PageQuestion.ts"
import type { PlanFilter } from "../../../ports/analytics/PlanFilter.ts"
import type { Filter } from "../../../ports/analytics/Question.ts"
import { isZone } from "../../zones/zones.ts"
import { planFilter } from "../planFilter.ts"
import type { NamedField } from "../planFilter.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { readRange } from "../range.ts"
import type { Report } from "../Report.ts"

/** What questions about pages have in common. */
export interface PageQuestion {
  readonly date_range: { readonly from: string; readonly to: string }
  readonly time_zone?: string
  readonly as_of?: "today" | "event"
  readonly path?: string
  readonly host?: string
  readonly device?: DeviceClass
  readonly filters?: Filter
  readonly top?: number
}

export interface PlannedPages {
  readonly selection: PageSelection
  readonly zone: string
  readonly named: ReadonlyArray<NamedField>
  readonly types: readonly []
}

/** Which pages, devices and days are meant, with every name resolved; `undefined` after it said what is wrong. */
export const planPages = (
  question: PageQuestion,
  scope: QuestionScope,
  errors: Array<FieldError>
): PlannedPages | undefined => {
  const report: Report = (pointer, code, detail) => void errors.push({ pointer, code, detail })
  const zone = question.time_zone ?? scope.timeZone
  if (!isZone(zone)) report("/time_zone", "unknown_zone", `${zone} is no IANA time zone`)
  const range = isZone(zone) ? readRange(question.date_range, zone, report) : undefined
  const { host, path } = question
  const top = within(question.top, "top", pageListUsual, pageListMax, report)
  const own = { ...scope, asOf: question.as_of ?? ("today" as const) }
  const filter = question.filters === undefined ? undefined : planFilter(question.filters, "/filters", own)
  errors.push(...(filter?.errors ?? []))
  if (errors.length > 0 || range === undefined) return undefined
  const filters: ReadonlyArray<PlanFilter> = [
    ...(path === undefined ? [] : [is("path", path)]),
    ...(host === undefined ? [] : [is("host", host.toLowerCase().replace(/^www\./, ""))]),
    ...(filter === undefined ? [] : [filter.filter])
  ]
  return {
    selection: {
      workspace: scope.workspace,
      revisions: scope.revisions,
      fromMillis: range.fromMillis,
      toMillis: range.toMillis,
      filter: { kind: "and", filters },
      device: question.device,
      top
    },
    zone,
    named: filter?.named ?? [],
    types: []
  }
}

const is = (column: "path" | "host", value: string): PlanFilter => ({
  kind: "is",
  field: { kind: "column", column },
  value
})

/** The value, or what is usual; reports what is not from 1 to `max`. */
export const within = (value: number | undefined, name: string, usual: number, max: number, report: Report): number => {
  if (value !== undefined && (value < 1 || value > max))
    report(`/${name}`, "out_of_range", `must lie between 1 and ${max}`)
  return value ?? usual
}
