import type { ScannedColumn, ScannedValue } from "../../../ports/analytics/EventStore.ts"
import { clearValue } from "../../privacy/clearValue.ts"

/** Columns of JSON, whose text stands in a line as it is. */
const jsonColumns: ReadonlySet<ScannedColumn> = new Set<ScannedColumn>(["properties", "traits", "traits_once"])
const plainColumns: ReadonlySet<ScannedColumn> = new Set<ScannedColumn>([
  "event_id",
  "batch_index",
  "historical",
  "amount_minor"
])

/** What is encrypted shows that it is, as in every list. */
const masked = (json: string): string =>
  json.includes('"$pii"') ? JSON.stringify(clearValue(JSON.parse(json), "", () => undefined)) : json

const microsDigits = 6

/** Times as ISO 8601 with as many digits as they have: milliseconds, of arrival microseconds. */
const shownTime = (name: ScannedColumn, value: ScannedValue): string | undefined => {
  switch (name) {
    case "time":
    case "client_time":
    case "sent_at":
      return new Date(Number(value)).toISOString()
    case "received_at": {
      const micros = Number(value)
      const seconds = new Date(Math.floor(micros / 1e6) * 1000).toISOString().slice(0, -"000Z".length)
      return `${seconds}${String(micros % 1e6).padStart(microsDigits, "0")}Z`
    }
    default:
      return undefined
  }
}

const jsonValue = (name: ScannedColumn, value: ScannedValue): string => {
  if (value === null) return "null"
  if (jsonColumns.has(name)) return masked(String(value))
  const time = shownTime(name, value)
  if (time !== undefined) return `"${time}"`
  return typeof value === "bigint" ? String(value) : JSON.stringify(value)
}

/** Text that spreadsheets take for a formula (OWASP, CSV injection), full-width forms included. */
const formula = /^[=+\-@\t\r＝＋－＠]/

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`

const csvField = (name: ScannedColumn, value: ScannedValue, escapesFormulas: boolean): string => {
  if (value === null) return ""
  if (plainColumns.has(name)) return String(value)
  if (jsonColumns.has(name)) return quoted(masked(String(value)))
  const text = String(value)
  return shownTime(name, value) ?? quoted(escapesFormulas && formula.test(text) ? `'${text}` : text)
}

/** How events are written as they are read: each line byte for byte that of the file of an export. */
export interface LineForm {
  readonly format: "ndjson" | "csv"
  readonly columns: ReadonlyArray<ScannedColumn>
  /** In CSV, whether text that a spreadsheet takes for a formula is made harmless. */
  readonly escapesFormulas: boolean
}

/** One event, with its line break: a JSON object, or a record of RFC 4180. */
export const exportLine = (
  { columns, escapesFormulas, format }: LineForm,
  values: ReadonlyArray<ScannedValue>
): string =>
  format === "ndjson"
    ? `{${columns.map((name, at) => `"${name}":${jsonValue(name, values[at] ?? null)}`).join(",")}}\n`
    : `${columns.map((name, at) => csvField(name, values[at] ?? null, escapesFormulas)).join(",")}\r\n`

/** What goes before the first event. */
export const exportHead = ({ columns, format }: LineForm): string =>
  format === "csv" ? `${columns.join(",")}\r\n` : ""

/** How an answer ends that was not cut: how many events it has, and whether they are all that were asked for. */
export interface StreamEnd {
  readonly events: number
  readonly complete: boolean
}

/** The last line; in CSV a comment, which begins with `#` as no record does. */
export const exportEnd = ({ format }: LineForm, { complete, events }: StreamEnd): string =>
  format === "csv"
    ? `#end,events=${events},complete=${complete}\r\n`
    : `${JSON.stringify({ end: { events, complete } })}\n`
