import { linkedUsersMax } from "../../ports/analytics/EventStore.ts"
import { readingAs } from "./Engine.ts"
import type { Read } from "./Engine.ts"
import { quote } from "./literals.ts"

/** Texts and names of clients, which stay as they are, and tables whose rows say with which tick they came. */
const tables =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|\bstore\.(events|payments|activity|account_changes|links|names|arrivals|people|ever)\b/g

/** Who counted for whom, as today's map is made, by the links and merges of that tick. */
export const pastPeopleText = (workspace: string, tick: number): string => `
create or replace temp table past_people as
with merged as (
  select from_subject, into_subject from store.merges
  where workspace = ${quote(workspace)} and since <= ${tick} and (until is null or until > ${tick})
), linked as (
  select anonymous_subject, arg_min(user_subject, struct_pack(t := time_ms, r := received_us, i := idx, e := event_id)) as first_user
  from store.links where workspace = ${quote(workspace)} and tick <= ${tick}
  group by all having count(distinct user_subject) <= ${linkedUsersMax}
)
select ${quote(workspace)} as workspace, l.anonymous_subject as subject, coalesce(m.into_subject, l.first_user) as person
from linked l left join merged m on m.from_subject = l.first_user
union all select ${quote(workspace)}, from_subject, into_subject from merged`

const pastTable = (table: string, workspace: string, tick: number): string => {
  switch (table) {
    case "people":
      return "past_people"
    case "arrivals":
      return `(select workspace, max(received_us) as received_us, max(time_ms) as time_ms from store.events
        where workspace = ${quote(workspace)} and tick <= ${tick} group by workspace)`
    case "ever":
      // What is kept of first events has no tick: it tells of events that were there before, or it ended the watermark.
      return `(select * from store.events where tick <= ${tick} union all select * from store.firsts)`
    case "payments":
      return `(select rowid, * from store.payments where tick <= ${tick})`
    default:
      return `(select * from store.${table} where tick <= ${tick})`
  }
}

/** A text that reads what was there at that tick where the given one reads what is there now. */
export const pastText = (sql: string, workspace: string, tick: number): string =>
  sql.replaceAll(tables, (found, table: string | undefined) =>
    table === undefined ? found : pastTable(table, workspace, tick)
  )

/** Reads of the workspace as it was at that tick; its people are gathered once they are asked for. */
export const readingPast = (read: Read, workspace: string, tick: number): Read => {
  let gathered = false
  const textOf = async (sql: string): Promise<string> => {
    const past = pastText(sql, workspace, tick)
    if (!gathered && past.includes("past_people")) {
      gathered = true
      await read(pastPeopleText(workspace, tick))
    }
    return past
  }
  return readingAs(read, textOf)
}
