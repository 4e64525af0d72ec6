import type { LakeSelection } from "../../../ports/analytics/EventLake.ts"
import { quote, quotePath } from "../literals.ts"
import { expiryText, ofSubjects } from "../selectionText.ts"
import { lineColumns } from "../schema.ts"

/** No time where the number is none that the engine can hold. */
const instant = (micros: string): string => `try(make_timestamp(${micros}))`

/** Columns of a file, in its order, by how they come from a stored line. */
const columns: ReadonlyArray<readonly [name: string, from: string]> = [
  ["event_id", "event_id::uuid"],
  ["event_type", "event_type"],
  ["time", instant(`"time" * 1000`)],
  ["received_at", instant("received_at")],
  ["batch_index", `"index"`],
  ["user_id", "user_id"],
  ["anonymous_id", "anonymous_id"],
  ["session_id", "session_id"],
  ["client_time", instant(`"timestamp" * 1000`)],
  ["sent_at", instant("sent_at * 1000")],
  ["historical", "coalesce(historical, false)"],
  ["url", "page.url"],
  ["host", "page.host"],
  ["path", "page.path"],
  ["title", "page.title"],
  ["referrer", "page.referrer"],
  ["referrer_host", "page.referrer_host"],
  ["device_type", `device."type"`],
  ["os", "device.os"],
  ["browser", "device.browser"],
  ["country", "geo.country"],
  ["region", "geo.region"],
  ["city", "geo.city"],
  ["ip", "ip"],
  ["source", "campaign.source"],
  ["medium", "campaign.medium"],
  ["campaign", "campaign.campaign"],
  ["term", "campaign.term"],
  ["content", "campaign.content"],
  ["click_id_type", "campaign.click_id_type"],
  ["click_id", "campaign.click_id"],
  ["order_id", "coalesce(money.order_id, properties->>'order_id')"],
  ["refund_id", "coalesce(money.refund_id, properties->>'refund_id')"],
  ["amount_minor", "money.minor"],
  ["currency", "money.currency"],
  ["properties", "properties"],
  ["traits", "traits"],
  ["traits_once", "traits_once"],
  ["personal", "personal"]
]

/** Those that only who may read personal data sees: sealed values, and what is left of the address. */
export const personalColumns: ReadonlySet<string> = new Set(["ip", "personal"])

export const columnNames: ReadonlyArray<string> = columns.map(([name]) => name)

/** Lines of a scratch file as rows of a file, with workspace and day, into the temporary table `staging`. */
export const stageLines = (scratch: string): string => `
create or replace temp table staging as
select workspace, coalesce(strftime(${instant(`"timestamp" * 1000`)}, '%Y-%m-%d'), '1970-01-01') as day,
  ${columns.map(([name, from]) => `${from} as "${name}"`).join(", ")}
from read_json(${quotePath(scratch)}, format = 'newline_delimited', columns = ${lineColumns.replace(/\}$/, ", personal: 'JSON'}")})
where expired is distinct from true`

const fileList = (paths: ReadonlyArray<string>): string => `[${paths.map(quotePath).join(", ")}]`

/** The events of files, by their columns. */
export const eventsOf = (paths: ReadonlyArray<string>): string =>
  `select ${columnNames.map((name) => `"${name}"`).join(", ")} from read_parquet(${fileList(paths)})`

/** Takes away what is staged of a day and stands in one of its files: few ids are kept in memory, files are passed by. */
export const dropKnown = (workspace: string, day: string, paths: ReadonlyArray<string>): string => `
delete from staging where workspace = ${quote(workspace)} and day = ${quote(day)} and event_id in (
  select event_id from read_parquet(${fileList(paths)}) where event_id in (
    select event_id from staging where workspace = ${quote(workspace)} and day = ${quote(day)}))`

export const stagedOf = (workspace: string, day: string): string =>
  `select ${columnNames.map((name) => `"${name}"`).join(", ")} from staging
   where workspace = ${quote(workspace)} and day = ${quote(day)}`

/** Days with what they hold. */
export const stagedDays = `
select workspace, day, count(*)::bigint as events, epoch_ms(min("time")) as oldest, epoch_ms(max("time")) as newest
from staging group by all order by all`

/** Whether an event is one of the selection; never null. */
export const isSelected = (selection: LakeSelection): string =>
  selection.kind === "subjects"
    ? `(${ofSubjects(selection)})`
    : expiryText(selection, (operator, millis) => `"time" ${operator} make_timestamp(${millis * 1000})`)

/** Types of columns that are no text. */
export const columnTypes: Readonly<Record<string, string>> = {
  event_id: "uuid",
  time: "timestamp",
  received_at: "timestamp",
  batch_index: "integer",
  client_time: "timestamp",
  sent_at: "timestamp",
  historical: "boolean",
  amount_minor: "bigint",
  properties: "json",
  traits: "json",
  traits_once: "json",
  personal: "json"
}

/** No events, by their columns. */
export const emptyEvents = `select ${columnNames.map((name) => `null::${columnTypes[name] ?? "varchar"} as "${name}"`).join(", ")} where false`
