import type { NewExport } from "../../../ports/analytics/EventExport.ts"
import { exportColumns, personalExportColumns } from "../../../ports/analytics/EventExport.ts"
import type { ScannedColumn } from "../../../ports/analytics/EventStore.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { Filter } from "../../../ports/analytics/Question.ts"
import { listOf, parseJson } from "../flatQuestion.ts"
import { nearest } from "../nearest.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { planExport } from "./planExport.ts"
import type { PlannedExport } from "./planExport.ts"
import type { LineForm } from "./exportLine.ts"

/** Events as they are read, as the query string says it: lists with commas, filters as JSON. */
export interface FlatEventStream {
  readonly format?: "ndjson" | "csv" | undefined
  readonly from: string
  readonly to: string
  readonly time_zone?: string | undefined
  readonly event_types?: string | undefined
  readonly filters?: string | undefined
  readonly columns?: string | undefined
  readonly spreadsheet_safe?: "true" | "false" | undefined
  /** The event to go on behind, and the watermark of the answer that it stood in. */
  readonly after?: string | undefined
  readonly watermark?: string | undefined
}

type Errors = { readonly errors: ReadonlyArray<FieldError> }

/** The columns that are read without any personal data. */
export const scannedColumns: ReadonlyArray<ScannedColumn> = exportColumns.filter(
  (name): name is ScannedColumn => !personalExportColumns.has(name)
)

const eventId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** What the same words ask of an export. */
export const readEventStream = (flat: FlatEventStream): { readonly asked: NewExport } | Errors => {
  const { event_types, format = "ndjson", from, spreadsheet_safe, time_zone, to } = flat
  const filters = flat.filters === undefined ? undefined : parseJson(flat.filters, "/filters")
  if (filters !== undefined && "error" in filters) return { errors: [filters.error] }
  return {
    asked: {
      format,
      date_range: { from, to },
      ...(time_zone === undefined ? {} : { time_zone }),
      ...(event_types === undefined ? {} : { event_types: listOf(event_types) }),
      // Read and judged by the planner, as every filter is.
      ...(filters === undefined ? {} : { filters: filters.value as Filter }),
      ...(spreadsheet_safe === undefined ? {} : { spreadsheet_safe: spreadsheet_safe === "true" })
    }
  }
}

export interface PlannedEventStream extends Pick<PlannedExport, "fromMillis" | "toMillis" | "filter"> {
  readonly form: LineForm
  /** Lower case. */
  readonly after: string | undefined
}

const planColumns = (text: string | undefined): { readonly columns: ReadonlyArray<ScannedColumn> } | Errors => {
  if (text === undefined) return { columns: scannedColumns }
  const names = listOf(text)
  const errors = names.flatMap((name, index): ReadonlyArray<FieldError> => {
    const at = { pointer: "/columns" }
    if (names.indexOf(name) < index) return [{ ...at, code: "named_twice", detail: `${name} is named twice` }]
    if ((scannedColumns as ReadonlyArray<string>).includes(name)) return []
    if ((personalExportColumns as ReadonlySet<string>).has(name))
      return [{ ...at, code: "personal_data", detail: `${name} is in files alone: ask for an export` }]
    const near = nearest(name, scannedColumns)
    const hint = near === undefined ? "" : `; did you mean ${near}?`
    return [{ ...at, code: "unknown_column", detail: `there is no column ${name}${hint}` }]
  })
  if (names.length === 0) errors.push({ pointer: "/columns", code: "too_few", detail: "name one column at least" })
  return errors.length > 0 ? { errors } : { columns: names as ReadonlyArray<ScannedColumn> }
}

/** The range's bounds are parameters of their own here. */
const ofParameters = (error: FieldError): FieldError => ({
  ...error,
  pointer: error.pointer.replace(/^\/date_range\/(from|to)$/, "/$1").replace(/^\/date_range$/, "/to")
})

/** With every name, zone and day resolved, or everything that is wrong with it. */
export const planEventStream = (
  flat: FlatEventStream,
  asked: NewExport,
  scope: QuestionScope
): { readonly planned: PlannedEventStream } | Errors => {
  const errors: Array<FieldError> = []
  const read = planExport(asked, scope)
  if ("errors" in read) errors.push(...read.errors.map(ofParameters))
  const columns = planColumns(flat.columns)
  if ("errors" in columns) errors.push(...columns.errors)
  const after = flat.after?.toLowerCase()
  if (after !== undefined && !eventId.test(after))
    errors.push({ pointer: "/after", code: "not_an_event_id", detail: "must be the event_id of the last line read" })
  if (after !== undefined && flat.watermark === undefined)
    errors.push({ pointer: "/watermark", code: "missing", detail: "name the watermark of the answer that broke off" })
  if (errors.length > 0 || "errors" in read || "errors" in columns) return { errors }
  const { filter, fromMillis, toMillis } = read.planned
  const format = asked.format === "csv" ? "csv" : "ndjson"
  const form = { format, columns: columns.columns, escapesFormulas: asked.spreadsheet_safe !== false } as const
  return { planned: { fromMillis, toMillis, filter, form, after } }
}
