import type { EventPlace, ScannedColumn, ScannedValue, ScanRequest } from "../../ports/analytics/EventStore.ts"
import { filterText } from "./conditionText.ts"
import type { Row } from "./Engine.ts"
import { quote } from "./literals.ts"
import { idHashOf } from "./schema.ts"

const place = "e.time_ms, e.received_us, e.idx, e.event_id"

/** Time apart from the rest: of two comparisons of one row the engine makes a BETWEEN, which it has not for rows. */
const comparedText = (operator: ">" | "<=", { event_id, index, received_at, time }: EventPlace): string => {
  const rest = `(e.received_us, e.idx, e.event_id) ${operator} (${received_at}, ${index}, ${quote(event_id)}::uuid)`
  return `(e.time_ms ${operator.charAt(0)} ${time} or (e.time_ms = ${time} and ${rest}))`
}

/** The bounds of time stand by themselves too: by them alone whole parts of the table are passed by. */
const chosenText = ({ after, filter, fromMillis, toMillis, workspace }: ScanRequest): ReadonlyArray<string> => [
  `e.workspace = ${quote(workspace)}`,
  `e.time_ms >= ${Math.max(fromMillis, after?.time ?? fromMillis)}`,
  `e.time_ms < ${toMillis}`,
  filterText(filter),
  ...(after === undefined ? [] : [comparedText(">", after)])
]

/** Places are read without the events: a sort of all columns is ten times slower. */
export const placesText = (request: ScanRequest & { readonly every: number; readonly count: number }): string => {
  const { count, every } = request
  return `with chosen as (
  select ${place} from store.events e where ${chosenText(request).join(" and ")} order by all limit ${every * count}
), numbered as (
  select *, row_number() over (order by time_ms, received_us, idx, event_id) as n, count(*) over () as last from chosen
)
select time_ms, received_us, idx, event_id::varchar as event_id from numbered where n % ${every} = 0 or n = last order by n`
}

/** Columns of exports by those of the table. */
const columns: Readonly<Record<ScannedColumn, string>> = {
  event_id: "event_id::varchar",
  event_type: "event_type",
  time: "time_ms",
  received_at: "received_us",
  batch_index: "idx",
  user_id: "user_id",
  anonymous_id: "anonymous_id",
  session_id: "session_id",
  client_time: "timestamp_ms",
  sent_at: "sent_ms",
  historical: "historical",
  url: "url",
  host: "host",
  path: "path",
  title: "title",
  referrer: "referrer",
  referrer_host: "referrer_host",
  device_type: "device_type",
  os: "os",
  browser: "browser",
  country: "country",
  region: "region",
  city: "city",
  source: "source",
  medium: "medium",
  campaign: "campaign",
  term: "term",
  content: "content",
  click_id_type: "click_id_type",
  click_id: "click_id",
  order_id: "order_id",
  refund_id: "refund_id",
  amount_minor: "minor",
  currency: "currency",
  properties: "properties::varchar",
  traits: "traits::varchar",
  traits_once: "traits_once::varchar"
}

export const scanText = (
  request: ScanRequest & { readonly through: EventPlace; readonly columns: ReadonlyArray<ScannedColumn> }
): string => {
  const { through } = request
  const conditions = [...chosenText(request), `e.time_ms <= ${through.time}`, comparedText("<=", through)]
  return `select ${request.columns.map((name) => `e.${columns[name]} as "${name}"`).join(", ")}
from store.events e where ${conditions.join(" and ")} order by ${place}`
}

export const placeOfText = (workspace: string, eventId: string): string =>
  `select e.time_ms, e.received_us, e.idx, e.event_id::varchar as event_id from store.events e
where e.workspace = ${quote(workspace)} and e.id_hash = ${idHashOf(quote(eventId))} and e.event_id = ${quote(eventId)}::uuid`

export const eventPlace = (row: Row): EventPlace => ({
  time: Number(row["time_ms"]),
  received_at: Number(row["received_us"]),
  index: Number(row["idx"]),
  event_id: String(row["event_id"])
})

export const scannedValues = (row: Row, names: ReadonlyArray<ScannedColumn>): ReadonlyArray<ScannedValue> =>
  names.map((name) => (row[name] ?? null) as ScannedValue)
