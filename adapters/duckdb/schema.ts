import { accountEventTypes } from "../../ports/analytics/Account.ts"
import { linkedUsersMax, reservedIds } from "../../ports/analytics/EventStore.ts"
import { engagedMillisMax, passiveEventTypes, scrollPercentMax } from "../../ports/analytics/SessionPlan.ts"
import { pointerTo, quote, quotePath } from "./literals.ts"

/** Changes whenever the tables do: a file of another version is built anew from the log. */
export const schemaVersion = 9

/** Properties of a workspace that have a column of their own, and workspaces that have such properties. */
export const slottedNamesMax = 16
export const slottedWorkspacesMax = 200

/** The unit of `activity`: every zone's days, and hours, begin at one of them. */
export const quarterMillis = 900_000

/** Tables that hold something of each event; what is deleted from one is deleted from all. */
export const eventTables = ["events", "payments", "activity", "account_changes", "firsts", "restrictions"] as const

/** Columns of properties, in the order of their slots. */
export const slotNames: ReadonlyArray<string> = Array.from({ length: slottedNamesMax }, (_, slot) => `p${slot}`)
const slotColumns = slotNames.map((name) => `${name} varchar`).join(", ")

/**
 * Tables of the file `events.duckdb`. No primary key and no index on events: they make bulk loads many times slower.
 * `payments` are the events that are orders or refunds once more, each with a hash of what it is told of, and
 * `repeated_payments` the hashes that more than one of them has; `activity` the quarters of an hour in which a subject
 * did anything; `arrivals` the newest arrival and the newest time of each workspace, which nearly every answer tells;
 * `account_changes` what events say of accounts; `firsts` what stays of the first event of a subject and type that is gone by
 * retention, and `ever` the events with these.
 * Every change of what answers rest on is a tick: rows say with which they came, merges also with which they ended, so that
 * a question is answered as at any tick before. `incarnation` tells this file from others that were built from the same log.
 */
export const schema = `
create table if not exists store.events (
  workspace varchar, event_id uuid, id_hash ubigint, event_type varchar, anonymous_id varchar, user_id varchar,
  session_id varchar, subject ubigint, session ubigint,
  time_ms bigint, received_us bigint, idx integer, timestamp_ms bigint, sent_ms bigint, historical boolean,
  url varchar, host varchar, path varchar, title varchar, referrer varchar, referrer_host varchar,
  device_type varchar, os varchar, browser varchar, country varchar, region varchar, city varchar, ip varchar,
  source varchar, medium varchar, campaign varchar, term varchar, content varchar, click_id_type varchar, click_id varchar,
  money_kind varchar, order_id varchar, refund_id varchar, minor bigint, currency varchar,
  traits json, traits_once json, accounts json, properties json,
  interactive boolean, engaged_ms bigint, scroll_percent bigint, ${slotColumns}, tick bigint
);
create table if not exists store.payments as select *, null::ubigint as payment from store.events limit 0;
create table if not exists store.repeated_payments (workspace varchar, payment ubigint);
create table if not exists store.activity (workspace varchar, subject ubigint, quarter integer, tick bigint);
create table if not exists store.arrivals (workspace varchar, received_us bigint, time_ms bigint);
create table if not exists store.account_changes (
  workspace varchar, subject ubigint, event_type varchar, account_type varchar, account_id varchar, account ubigint, traits json,
  time_ms bigint, received_us bigint, idx integer, event_id uuid, tick bigint
);
create table if not exists store.slots (workspace varchar, name varchar, slot integer);
create table if not exists store.positions (log_partition varchar, through varchar);
create table if not exists store.links (
  workspace varchar, anonymous_subject ubigint, user_subject ubigint, time_ms bigint, received_us bigint, idx integer, event_id uuid, tick bigint
);
create table if not exists store.people (workspace varchar, subject ubigint, person ubigint);
create table if not exists store.names (workspace varchar, kind varchar, name varchar, tick bigint);
create table if not exists store.merges (workspace varchar, from_subject ubigint, into_subject ubigint, since bigint, until bigint);
create table if not exists store.ticks as select 0::bigint as tick;
create table if not exists store.incarnation as select uuid()::varchar as id;
create table if not exists store.erasures (workspace varchar, epoch bigint);
create table if not exists store.firsts as from store.events limit 0;
create table if not exists store.restrictions (workspace varchar, subject ubigint);
create table if not exists store.expiries (workspace varchar, revision bigint);
create view if not exists store.ever as select * from store.events union all select * from store.firsts;
create table if not exists store.version as select ${schemaVersion} as version;
`

/** Whether the file has tables, and of another version. */
export const outdatedText = `select count(*) > 0 as outdated from duckdb_tables() where database_name = 'store'
having coalesce(bool_or(table_name = 'version'), false) = false`

/** Columns of the stored line, as `read_json` takes them. */
export const lineColumns = `{
  event_id: 'VARCHAR', workspace: 'VARCHAR', event_type: 'VARCHAR', anonymous_id: 'VARCHAR', user_id: 'VARCHAR',
  session_id: 'VARCHAR', time: 'BIGINT', received_at: 'BIGINT', "index": 'INTEGER', "timestamp": 'BIGINT', sent_at: 'BIGINT',
  historical: 'BOOLEAN', expired: 'BOOLEAN',
  page: 'STRUCT(url VARCHAR, host VARCHAR, path VARCHAR, title VARCHAR, referrer VARCHAR, referrer_host VARCHAR)',
  device: 'STRUCT("type" VARCHAR, os VARCHAR, browser VARCHAR)',
  geo: 'STRUCT(country VARCHAR, region VARCHAR, city VARCHAR)', ip: 'VARCHAR',
  campaign: 'STRUCT(source VARCHAR, medium VARCHAR, campaign VARCHAR, term VARCHAR, content VARCHAR, click_id_type VARCHAR, click_id VARCHAR)',
  money: 'STRUCT(kind VARCHAR, order_id VARCHAR, refund_id VARCHAR, minor BIGINT, currency VARCHAR)',
  traits: 'JSON', traits_once: 'JSON', accounts: 'JSON', properties: 'JSON'
}`

const reserved = `(${reservedIds.map((id) => `'${id}'`).join(", ")})`

/** Whether an id may stand for a person. */
export const isLinkable = (column: string): string =>
  `(${column} is not null and lower(trim(${column})) not in ${reserved})`

/** The id that an event counts for by itself: its user's, or the device's where the user id stands for nobody. */
export const ownIdText = `case when ${isLinkable("e.user_id")} then e.user_id else e.anonymous_id end`

/**
 * A subject or session as 64 bits of the MD5 of workspace, kind and id, so that people are counted on integers.
 * Two of ten million share one with a chance of 3 in a million.
 */
export const hashOf = (workspace: string, kind: "u" | "a" | "s" | "d" | "g", id: string): string =>
  `md5_number_lower(${workspace} || (chr(31) || '${kind}' || chr(31)) || ${id})`

/** The last 16 hexadecimal digits of an event id, as 64 bits. */
export const idHashOf = (id: string): string => `('0x' || substr(${id}, 20, 4) || substr(${id}, 25, 12))::UBIGINT`

const numberText = (property: string, max: number): string => {
  // Rounded one by one, so that sums are of integers; reading text as a wide decimal takes ten times as long.
  const value = `try_cast(properties->>${pointerTo(property)} as double)`
  return `case when ${value} between 0 and ${max} then round(${value})::bigint end`
}

/** Of few events: to search the text costs a small part of what it costs to read it. */
const rareText = (property: string, value: string): string =>
  `case when contains(properties, '"${property}"') then ${value} end`

/** Whether an event is something that somebody did, unless it says `interactive: false`. */
const isInteractive = `case when event_type in (${passiveEventTypes.map(quote).join(", ")}) then false
    else (${rareText("interactive", `properties->${pointerTo("interactive")}`)})::varchar is distinct from 'false' end`

const engagedText = `case when event_type = 'page_exit' then ${numberText("engaged_ms", engagedMillisMax)} end`
const scrollText = `case event_type when 'page_exit' then ${numberText("scroll_percent", scrollPercentMax)}
    when 'scroll_depth' then ${numberText("percent", scrollPercentMax)} end`

/** The lines of a scratch file in the shape of `events`, but for what stands in columns of their own beside the JSON. */
export const linesText = (file: string): string => `
select workspace, event_id::UUID as event_id, ${idHashOf("event_id")} as id_hash, event_type, anonymous_id, user_id, session_id,
  case when ${isLinkable("user_id")} then ${hashOf("workspace", "u", "user_id")} else ${hashOf("workspace", "a", "anonymous_id")} end as subject,
  ${hashOf("workspace", "s", "anonymous_id || chr(31) || session_id")} as session,
  "time" as time_ms, received_at as received_us, "index" as idx, "timestamp" as timestamp_ms, sent_at as sent_ms,
  coalesce(historical, false) as historical,
  page.url as url, page.host as host, page.path as path, page.title as title, page.referrer as referrer, page.referrer_host as referrer_host,
  device."type" as device_type, device.os as os, device.browser as browser, geo.country as country, geo.region as region, geo.city as city, ip,
  campaign.source as source, campaign.medium as medium, campaign.campaign as campaign, campaign.term as term,
  campaign.content as content, campaign.click_id_type as click_id_type, campaign.click_id as click_id,
  case event_type when 'order_completed' then 'order' when 'order_refunded' then 'refund' end as money_kind,
  coalesce(money.order_id, ${rareText("order_id", "properties->>'order_id'")}) as order_id,
  coalesce(money.refund_id, ${rareText("refund_id", "properties->>'refund_id'")}) as refund_id,
  money.minor as minor, money.currency as currency, traits, traits_once, accounts, properties,
  ${isInteractive} as interactive, ${engagedText} as engaged_ms, ${scrollText} as scroll_percent
from read_json(${quotePath(file)}, format = 'newline_delimited', columns = ${lineColumns})
where expired is distinct from true`

/** Holds the lines of a scratch file, to be looked at before they are among the events. What looks at them asks the view `staging`. */
export const stageLines = (file: string): string => `create or replace temp table staged_lines as ${linesText(file)};
create or replace temp view staging as from staged_lines`

/** What came with a tick into `events` already, as the view `staging`. */
export const stageLoaded = (tick: number): string => `create or replace temp view staging as
select * exclude (${slotNames.join(", ")}, tick) from store.events where tick = ${tick}`

/** Stands in lines that tell of a first event that is gone; in others only by chance. */
export const expiredMark = '"expired":true'

/** The lines of a scratch file that tell of first events, into the temporary table `staged_firsts`. */
export const stageFirsts = (file: string): string => `
create or replace temp table staged_firsts as
select workspace, event_id::UUID as event_id, event_type, anonymous_id, user_id,
  case when ${isLinkable("user_id")} then ${hashOf("workspace", "u", "user_id")} else ${hashOf("workspace", "a", "anonymous_id")} end as subject,
  "time" as time_ms, received_at as received_us, "index" as idx, coalesce(historical, false) as historical
from read_json(${quotePath(file)}, format = 'newline_delimited', columns = ${lineColumns})
where expired`

/** Those that are not known yet: a line may come again. */
export const saveFirsts = `insert into store.firsts by name
select * from staged_firsts s where not exists (
  select 1 from store.firsts f where f.subject = s.subject and f.event_type = s.event_type and f.event_id = s.event_id)`

const numbersOfLine = [
  ["time", "bigint"],
  ["received_at", "bigint"],
  ["index", "integer"],
  ["timestamp", "bigint"],
  ["sent_at", "bigint"],
  ["money.minor", "bigint"]
] as const

/** Of a scratch file of `{ n, line }`, the numbers of those lines that {@link stageLines} would fail on. */
export const unreadableLines = (file: string): string => `
select n from read_json(${quotePath(file)}, format = 'newline_delimited', columns = {n: 'INTEGER', line: 'VARCHAR'})
where case when json_valid(line) then try_cast(line->>'$.event_id' as uuid) is null or ${numbersOfLine
  .map(([path, type]) => `(line->>'$.${path}' is not null and try_cast(line->>'$.${path}' as ${type}) is null)`)
  .join(" or ")} else true end
order by n`

const linkColumns = "workspace, anonymous_id, user_id, subject, time_ms, received_us, idx, event_id"

/** Stands in lines that may link a device to a user. */
export const userMark = '"user_id"'

/** Staged links that are earlier than what is known, into the temporary table `new_links`. */
export const stageLinks = (hasFirsts: boolean): string => `
create or replace temp table new_links as
with seen as (
  select workspace, ${hashOf("workspace", "a", "anonymous_id")} as anonymous_subject, subject as user_subject,
    min(struct_pack(t := time_ms, r := received_us, i := idx, e := event_id)) as place
  from (select ${linkColumns} from staging${hasFirsts ? ` union all select ${linkColumns} from staged_firsts` : ""})
  where ${isLinkable("user_id")} and ${isLinkable("anonymous_id")}
  group by all
), known as (
  select anonymous_subject, user_subject, min(struct_pack(t := time_ms, r := received_us, i := idx, e := event_id)) as place
  from store.links where anonymous_subject in (select anonymous_subject from seen) group by all
)
select s.workspace, s.anonymous_subject, s.user_subject, s.place from seen s
left join known l on l.anonymous_subject = s.anonymous_subject and l.user_subject = s.user_subject
where l.place is null or s.place < l.place`

/** What tells payments apart, of which the first counts: its order's id and, with a refund, its own; without one, the event. */
export const paymentIdsText =
  "money_kind, coalesce(order_id, event_id::varchar), case when money_kind = 'refund' then coalesce(refund_id, event_id::varchar) end"

/** As 64 bits: where two payments share them by chance, both are looked at more closely and nothing else happens. */
const paymentText = `md5_number_lower(concat_ws(chr(31), workspace, ${paymentIdsText}))`

/** From staged events that have all columns. */
export const savePayments = (staged: string): string => `
create or replace temp table staged_payments as
select workspace, ${paymentText} as payment from staging where money_kind is not null;
insert into store.repeated_payments
select distinct workspace, payment from (
  select workspace, payment from staged_payments where payment in (select payment from store.payments)
  union all
  select workspace, payment from staged_payments group by all having count(*) > 1
) where payment not in (select payment from store.repeated_payments);
insert into store.payments select *, ${paymentText} as payment from ${staged} where money_kind is not null`

export const saveArrivals = `
merge into store.arrivals known
using (select workspace, max(received_us) as received_us, max(time_ms) as time_ms from staging group by workspace) seen
on known.workspace = seen.workspace
when matched then update set received_us = greatest(known.received_us, seen.received_us), time_ms = greatest(known.time_ms, seen.time_ms)
when not matched then insert values (seen.workspace, seen.received_us, seen.time_ms)`

/** Arrivals of a workspace after events of it are gone. */
export const recountArrivals = (workspace: string): string => `
delete from store.arrivals where workspace = ${quote(workspace)};
insert into store.arrivals
select workspace, max(received_us), max(time_ms) from store.events where workspace = ${quote(workspace)} group by workspace`

/** What the staged events say of accounts: who joins and leaves, and what they are like. */
export const saveAccountChanges = (tick: number): string => `insert into store.account_changes
select workspace, subject, event_type, account_type, account_id, ${hashOf("workspace", "g", "account_type || chr(31) || account_id")},
  traits, time_ms, received_us, idx, event_id, ${tick}
from (
  select workspace, subject, event_type, account_type, accounts->>('/' || account_type) as account_id,
    case when event_type <> 'account_left' then nullif(properties->'/traits', 'null'::json) end as traits, time_ms, received_us, idx, event_id
  from (
    select *, unnest(json_keys(accounts)) as account_type from staging
    where accounts is not null and event_type in (${accountEventTypes.map(quote).join(", ")})
  )
)`

const quarterText = `(time_ms // ${quarterMillis})::integer`

/** Which quarters of an hour the staged events lie in, and how much there is of what few events have. */
export const stagedCounts = (
  mayLink: boolean,
  mayName: boolean
): string => `select min(${quarterText}) as first, max(${quarterText}) as last, count(money_kind)::integer as payments,
  count(accounts)::integer as accounts, ${mayName ? "(select count(*)::integer from new_names)" : 0} as names,
  ${mayLink ? "(select count(*)::integer from new_links)" : 0} as links
from staging`

/** Quarters of an hour that are not known yet. The bounds are those of the staged ones: blocks of other times are not read. */
export const saveActivity = (first: number, last: number, tick: number): string => `
insert into store.activity
with seen as (
  select distinct workspace, subject, ${quarterText} as quarter from staging
), known as (
  select subject, quarter from store.activity where quarter between ${first} and ${last}
)
select s.*, ${tick} from seen s anti join known a on a.subject = s.subject and a.quarter = s.quarter`

export const saveLinks = (tick: number): string => `
insert into store.links
select workspace, anonymous_subject, user_subject,
  place.t, place.r, place.i, place.e, ${tick} from new_links`

/** To be run in the transaction of each change; answers its tick. */
export const nextTick = "update store.ticks set tick = tick + 1 returning tick::integer as tick"

/** People of the anonymous subjects in `changed` (a table of workspace and subject), resolved anew. */
export const resolvePeople = (changed: string): string => `
delete from store.people where subject in (select subject from ${changed});
insert into store.people
select l.workspace, l.anonymous_subject, coalesce(any_value(m.into_subject), l.first_user)
from (
  select workspace, anonymous_subject, arg_min(user_subject, struct_pack(t := time_ms, r := received_us, i := idx, e := event_id)) as first_user
  from store.links where anonymous_subject in (select subject from ${changed})
  group by all having count(distinct user_subject) <= ${linkedUsersMax}
) l left join store.merges m on m.from_subject = l.first_user and m.until is null
group by l.workspace, l.anonymous_subject, l.first_user`
