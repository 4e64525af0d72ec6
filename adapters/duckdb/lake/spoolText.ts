import type { ExportColumn } from "../../../ports/analytics/EventExport.ts"
import type { SpoolOrder } from "../../../ports/analytics/EventSpool.ts"
import { filterText } from "../conditionText.ts"
import { quote, quotePath } from "../literals.ts"
import { arrival } from "./fileText.ts"
import { columnTypes } from "./lakeText.ts"

type Chosen = Pick<SpoolOrder, "columns" | "fromMillis" | "toMillis" | "arrivedBeforeMicros" | "filter">

/** Events of the order among `rows`, by its columns, in arrival order. */
export const chosenEvents = (order: Chosen, rows: string): string => {
  const { arrivedBeforeMicros, columns, filter, fromMillis, toMillis } = order
  const conditions = [
    `e."time" >= make_timestamp(${fromMillis * 1000})`,
    `e."time" < make_timestamp(${toMillis * 1000})`,
    `e.received_at < make_timestamp(${arrivedBeforeMicros})`,
    filterText(filter)
  ]
  return `select ${columns.map((name) => `"${name}"`).join(", ")} from (${rows}) e
where ${conditions.join(" and ")} order by ${arrival}`
}

const typeOf = (name: ExportColumn): string => columnTypes[name] ?? "varchar"

/** Times as ISO 8601 with as many digits as they have: milliseconds, of arrival microseconds. */
const shown = (name: ExportColumn): string =>
  typeOf(name) === "timestamp"
    ? `strftime("${name}", '%Y-%m-%dT%H:%M:%S.${name === "received_at" ? "%f" : "%g"}Z')`
    : `"${name}"`

/** A value of a JSON object; one that is JSON already is put in as it is. */
const jsonValue = (name: ExportColumn): string => {
  const text = typeOf(name) === "json" ? `"${name}"::varchar` : `to_json(${shown(name)})::varchar`
  return `coalesce(${text}, 'null')`
}

/** Lines of JSON objects, joined from texts: objects made of whole vectors of wide values take all memory. */
export const ndjsonLines = ({ columns }: Pick<SpoolOrder, "columns">, rows: string): string => {
  const members = columns.map((name, at) => `'${at === 0 ? "{" : ","}"${name}":', ${jsonValue(name)}`)
  return `select concat(${members.join(", ")}, '}') as line from (${rows})`
}

/** Text that spreadsheets take for a formula (OWASP, CSV injection), full-width forms included. */
const formula = String.raw`^[=+\-@\t\r＝＋－＠]`

const field = (name: ExportColumn, escapesFormulas: boolean): string => {
  const type = typeOf(name)
  if (["bigint", "integer", "boolean", "uuid"].includes(type)) return `coalesce("${name}"::varchar, '')`
  if (type === "timestamp") return `coalesce(${shown(name)}, '')`
  const text = `"${name}"::varchar`
  const safe =
    escapesFormulas && type === "varchar"
      ? `case when regexp_matches(${text}, ${quote(formula)}) then '''' || ${text} else ${text} end`
      : text
  return `coalesce('"' || replace(${safe}, '"', '""') || '"', '')`
}

/** Records of RFC 4180 without their line break; an absent value is nothing, an empty one two quotation marks. */
export const csvLines = (
  { columns, escapesFormulas }: Pick<SpoolOrder, "columns" | "escapesFormulas">,
  rows: string
): string => `select ${columns.map((name) => field(name, escapesFormulas)).join(" || ',' || ")} as line from (${rows})`

export const csvHeader = (columns: ReadonlyArray<ExportColumn>): string => `${columns.join(",")}\r\n`

/** Events of files of lines, by the columns and types of the lake. */
export const eventsOfLines = (columns: ReadonlyArray<ExportColumn>, paths: ReadonlyArray<string>): string => {
  const kept = (name: ExportColumn) => (typeOf(name) === "timestamp" ? "varchar" : typeOf(name))
  const read = (name: ExportColumn) =>
    typeOf(name) === "timestamp" ? `"${name}"::timestamptz::timestamp as "${name}"` : `"${name}"`
  const types = columns.map((name) => `"${name}": ${quote(kept(name))}`).join(", ")
  return `select ${columns.map(read).join(", ")} from read_json([${paths.map(quotePath).join(", ")}], format = 'newline_delimited', columns = {${types}})`
}

export const noEvents = (columns: ReadonlyArray<ExportColumn>): string =>
  `select ${columns.map((name) => `null::${typeOf(name)} as "${name}"`).join(", ")} where false`

/** The rows of Parquet files in their order. */
export const rowsOfParquet = (paths: ReadonlyArray<string>): string =>
  `select * from read_parquet([${paths.map(quotePath).join(", ")}])`
