import type { DuckDBConnection } from "@duckdb/node-api"
import type { ExpiringEvents, FirstEvent } from "../../ports/analytics/EventStore.ts"
import type { Expiry } from "../../ports/analytics/Expiry.ts"
import type { Row } from "./Engine.ts"
import { quote } from "./literals.ts"
import { quarterMillis, recountArrivals } from "./schema.ts"
import { expiryText } from "./selectionText.ts"

const condition = (workspace: string, expiry: Expiry): string =>
  `workspace = ${quote(workspace)} and ${expiryText(expiry, (operator, millis) => `time_ms ${operator} ${millis}`)}`

export const expiringText = (workspace: string, expiry: Expiry): string =>
  `select event_type, count(*)::bigint as events, min(time_ms) as oldest from store.events
where ${condition(workspace, expiry)} group by event_type order by events desc, event_type`

export const expiringEvents = (row: Row): ExpiringEvents => ({
  event_type: String(row["event_type"]),
  events: Number(row["events"]),
  oldest: Number(row["oldest"])
})

const place = (table: string): string =>
  `struct_pack(t := ${table}.time_ms, r := ${table}.received_us, i := ${table}.idx, e := ${table}.event_id)`

/**
 * The first expiring event of each subject and type, where no earlier one is known, and those that tell which devices
 * are a user's.
 */
const firstsText = (workspace: string, expiry: Expiry): string => `with leaving as (
  select subject, event_type, min(${place("f")}) as place from store.events f where ${condition(workspace, expiry)} group by all
), known as (
  select subject, event_type, min(${place("f")}) as place from store.firsts f where workspace = ${quote(workspace)} group by all
), fresh as (
  select l.* from leaving l left join known k on k.subject = l.subject and k.event_type = l.event_type
  where k.place is null or l.place < k.place
)
select e.* from (select * from store.events where ${condition(workspace, expiry)}) e
left join fresh f on f.subject = e.subject and f.event_type = e.event_type and f.place = ${place("e")}
where f.subject is not null or (
  e.event_id in (select event_id from store.links where workspace = ${quote(workspace)})
  and e.event_id not in (select event_id from store.firsts where workspace = ${quote(workspace)}))`

export const expiringFirstsText = (
  workspace: string,
  expiry: Expiry,
  after: string | undefined,
  limit: number
): string => `select event_id::varchar as event_id, event_type, anonymous_id, user_id, time_ms, received_us, idx
from (${firstsText(workspace, expiry)})
${after === undefined ? "" : `where event_id > ${quote(after)}::uuid`} order by event_id limit ${limit}`

export const firstEvent = (row: Row): FirstEvent => ({
  event_id: String(row["event_id"]),
  event_type: String(row["event_type"]),
  anonymous_id: String(row["anonymous_id"]),
  ...(row["user_id"] === null ? {} : { user_id: String(row["user_id"]) }),
  time: Number(row["time_ms"]),
  received_at: Number(row["received_us"]),
  index: Number(row["idx"])
})

/** Columns of `firsts` that say something. */
const told = "workspace, event_id, event_type, anonymous_id, user_id, subject, time_ms, received_us, idx, historical"

const quarter = (table: string): string => `(${table}.time_ms // ${quarterMillis})::integer`

const statements = (workspace: string, expiry: Expiry): ReadonlyArray<string> => [
  `insert into store.firsts (${told}) select ${told} from (${firstsText(workspace, expiry)})`,
  `create or replace temp table leaving as
   select event_id, subject, ${quarter("e")} as quarter from store.events e where ${condition(workspace, expiry)}`,
  `delete from store.account_changes where workspace = ${quote(workspace)} and event_id in (select event_id from leaving)`,
  ...["events", "payments"].map((table) => `delete from store.${table} where ${condition(workspace, expiry)}`),
  `delete from store.activity where rowid in (
     select a.rowid from store.activity a join (select distinct subject, quarter from leaving) l
       on l.subject = a.subject and l.quarter = a.quarter
     where a.workspace = ${quote(workspace)}
       and not exists (select 1 from store.events e where e.subject = a.subject and ${quarter("e")} = a.quarter))`,
  recountArrivals(workspace),
  `create or replace temp table raised as
   select coalesce(max(revision), 0) + 1 as revision from store.expiries where workspace = ${quote(workspace)}`,
  `delete from store.expiries where workspace = ${quote(workspace)}`,
  `insert into store.expiries select ${quote(workspace)}, revision from raised`
]

/** Deletes what expires, in one transaction with what is kept of first events. */
export const expireEvents = async (
  connection: DuckDBConnection,
  workspace: string,
  expiry: Expiry
): Promise<{ readonly events: number }> => {
  await connection.run("begin transaction")
  try {
    const counted = await connection.runAndReadAll(
      `select count(*)::bigint as n from store.events where ${condition(workspace, expiry)}`
    )
    const events = Number(counted.getRowObjectsJS()[0]?.["n"])
    if (events > 0) for (const statement of statements(workspace, expiry)) await connection.run(statement)
    await connection.run("commit")
    return { events }
  } catch (cause) {
    await connection.run("rollback").catch(() => undefined)
    throw cause
  }
}
