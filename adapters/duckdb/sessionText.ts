import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { sessionAttributes } from "../../ports/analytics/SessionAttribute.ts"
import type { SessionAttribute } from "../../ports/analytics/SessionAttribute.ts"
import type { SessionLimits } from "../../ports/analytics/SessionLimits.ts"
import type { SessionSelection } from "../../ports/analytics/SessionPlan.ts"
import { fieldText, filterText } from "./conditionText.ts"
import { quote } from "./literals.ts"
import { hashOf } from "./schema.ts"
import { traitJoins, traitsOf } from "./traitText.ts"

/** Events without a session id from `fromMillis` on, and how they become sessions. */
export interface DerivedRequest {
  readonly workspace: string
  readonly fromMillis: number
  readonly toMillis: number
  readonly limits: SessionLimits
}

const sessionless = (workspace: string): string => `e.workspace = ${quote(workspace)} and e.session is null`

/** When each device sent something without a session id, into `sessionless`: in the range and one pause before it. */
export const sessionlessText = ({ fromMillis, limits, toMillis, workspace }: DerivedRequest): string =>
  `create or replace temp table sessionless as
select distinct e.anonymous_id as device, e.time_ms as t from store.events e
where ${sessionless(workspace)} and e.time_ms >= ${fromMillis - limits.idleMillis} and e.time_ms < ${toMillis}`

/** All that came before from devices that were not idle at the range's begin: what they began may go on in the range. */
export const sessionlessBeforeText = ({ fromMillis, limits, workspace }: DerivedRequest): string =>
  `insert into sessionless
select distinct e.anonymous_id, e.time_ms from store.events e
where ${sessionless(workspace)} and e.time_ms < ${fromMillis - limits.idleMillis}
  and e.anonymous_id in (select device from sessionless where t < ${fromMillis})`

/**
 * The session of each device and instant, into `session_times`: runs without a long pause first, then those longer than
 * the maximum cut one session after the other.
 */
export const sessionTimesText = ({ limits, workspace }: DerivedRequest): string =>
  `create or replace temp table session_times as
with recursive paused as (
  select device, t, t - lag(t) over (partition by device order by t) as pause from sessionless
), runs as materialized (
  select device, t, max(case when pause is null or pause > ${limits.idleMillis} then t end) over (
    partition by device order by t rows between unbounded preceding and current row) as run
  from paused
), long as materialized (
  select r.device, r.run, r.t, min(r.t) over (
    partition by r.device, r.run order by r.t range between ${limits.maximumMillis + 1} following and unbounded following) as next
  from runs r
  where (r.device, r.run) in (select (device, run) from runs group by device, run having max(t) - run > ${limits.maximumMillis})
), starts as (
  select distinct device, run, run as start from long
  union all
  select l.device, l.run, l.next from starts s
  join long l on l.device = s.device and l.run = s.run and l.t = s.start where l.next is not null
), sessions as (
  select device, t, run as start from runs where (device, run) not in (select (device, run) from long)
  union all
  select l.device, l.t, s.start from long l
  asof join starts s on s.device = l.device and s.run = l.run and l.t >= s.start
)
select device, t, ${hashOf(quote(workspace), "d", "device || chr(31) || start")} as session from sessions`

/** Key of an event's session, given {@link sessionTimesJoin}. */
export const sessionText = (derived: boolean): string => (derived ? "coalesce(e.session, st.session)" : "e.session")

/** Joins `session_times` to the events that need it. */
export const sessionTimesJoin = (derived: boolean): string =>
  derived
    ? " left join session_times st on st.device = case when e.session is null then e.anonymous_id end and st.t = e.time_ms"
    : ""

type Range = Pick<SessionSelection, "workspace" | "fromMillis" | "toMillis">

/** First and last instant of the sessions that `among` selects, into `session_spans`; with `all`, of every derived one. */
export const sessionSpansOf = (workspace: string, derived: boolean, among: string, all = false): string => {
  const own = `e.workspace = ${quote(workspace)}`
  const times = `\n  union all\n  select session, min(t), max(t) from session_times${all ? "" : " where session in (from chosen)"} group by 1`
  return `create or replace temp table session_spans as
with chosen as materialized (
    ${among}
)
select session, start_ms, end_ms from (
  select e.session, min(e.time_ms) as start_ms, max(e.time_ms) as end_ms from store.events e
  where ${own} and e.session in (from chosen)
  group by 1${derived ? times : ""}
)`
}

/** First and last instant of every session that begins in the range, into `session_spans`. */
export const sessionSpansText = ({ fromMillis, toMillis, workspace }: Range, derived: boolean): string => {
  const among = `select distinct e.session from store.events e
    where e.workspace = ${quote(workspace)} and e.session is not null and e.time_ms >= ${fromMillis} and e.time_ms < ${toMillis}`
  return `${sessionSpansOf(workspace, derived, among, true)}
where start_ms >= ${fromMillis} and start_ms < ${toMillis}`
}

const place = "struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)"
const isPageView = "e.event_type = 'page_view'"

type Role = "first" | "entry" | "exit" | "origin"

/** Of which of its events a session has the attribute, and how it is read there. */
const attributeText = (
  attribute: SessionAttribute,
  { channel, sources }: Pick<SessionSelection, "channel" | "sources">
): { readonly role: Role; readonly text: string } => {
  const referrer = `case when ${filterText(sources.hasExternalReferrer)} then e.referrer_host end`
  switch (attribute) {
    case "entry_path":
      return { role: "entry", text: "e.path" }
    case "entry_host":
      return { role: "entry", text: "e.host" }
    case "exit_path":
      return { role: "exit", text: "e.path" }
    case "source":
      return { role: "origin", text: `coalesce(e.source, ${referrer})` }
    case "referrer":
      return { role: "origin", text: referrer }
    case "medium":
    case "campaign":
    case "term":
    case "content":
    case "click_id_type":
      return { role: "origin", text: `e.${attribute}` }
    case "channel":
      return { role: "origin", text: fieldText(channel) }
    case "device":
      return { role: "first", text: "e.device_type" }
    case "os":
    case "browser":
    case "country":
    case "region":
    case "city":
      return { role: "first", text: `e.${attribute}` }
  }
}

/** `…_null`: an event that lacks the value is the first all the same. */
const roleText = (role: Role, fields: string, { sources }: Pick<SessionSelection, "sources">): string => {
  switch (role) {
    case "first":
      return `arg_min_null(${fields}, ${place})`
    case "entry":
      return `arg_min_null(${fields}, ${place}) filter (${isPageView})`
    case "exit":
      return `arg_max_null(${fields}, ${place}) filter (${isPageView})`
    case "origin":
      return `arg_min_null(${fields}, struct_pack(o := not ${filterText(sources.isSource)}, t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id))`
  }
}

/** What is known of a session besides its attributes, by its first event. */
const firstColumns = { subject: "e.subject", anonymous_id: "e.anonymous_id", session_id: "e.session_id" } as const

export interface SessionRowsRequest {
  readonly selection: Pick<SessionSelection, "workspace" | "sources" | "channel" | "holding">
  readonly attributes: ReadonlyArray<SessionAttribute>
  /** Also who the device is, by its own ids. */
  readonly named: boolean
  readonly derived: boolean
  /** First and last instant of all sessions in `session_spans`. */
  readonly firstMillis: number
  readonly lastMillis: number
}

/** One row for each session of `session_spans`, with the attributes that are asked for, into `session_rows`. */
export const sessionRowsText = (request: SessionRowsRequest): string => {
  const { attributes, derived, firstMillis, lastMillis, named, selection } = request
  const { holding, workspace } = selection
  const fields = new Map<Role, Array<readonly [name: string, text: string]>>()
  const add = (role: Role, name: string, text: string) => fields.set(role, [...(fields.get(role) ?? []), [name, text]])
  for (const [name, text] of Object.entries(firstColumns)) if (named || name === "subject") add("first", name, text)
  for (const attribute of attributes) {
    const { role, text } = attributeText(attribute, selection)
    add(role, attribute, text)
  }
  const roles = [...fields].map(([role, own]) => {
    const packed = `struct_pack(${own.map(([name, text]) => `"${name}" := ${text}`).join(", ")})`
    // One value alone is kept as it is, which is much cheaper than a struct of one.
    return `${roleText(role, own.length === 1 ? own[0]![1] : packed, selection)} as ${role}_event`
  })
  const valueOf = (role: Role, name: string) =>
    fields.get(role)!.length === 1 ? `r.${role}_event` : `r.${role}_event."${name}"`
  const subject = valueOf("first", "subject")
  const columns = [...fields].flatMap(([role, own]) =>
    own.flatMap(([name]) => (name === "subject" ? [] : [`${valueOf(role, name)}::varchar as "${name}"`]))
  )
  const traits = traitsOf(holding, [])
  const people = traits.length === 0 ? "" : " left join store.people p on p.subject = e.subject"
  return `create or replace temp table session_rows as
select r.session, r.start_ms, r.end_ms, r.end_ms - r.start_ms as duration_ms, r.events, r.pages, r.engaged_ms, r.scroll_percent,
  r.pages = 1 and r.interactive = 0 as bounced,
  coalesce(p.person, ${subject}) as person, coalesce(p.person, ${subject}) as subject${columns.map((column) => `, ${column}`).join("")}
from (
  select s.session, any_value(s.start_ms) as start_ms, any_value(s.end_ms) as end_ms, count(*) as events,
    count(*) filter (${isPageView}) as pages, count(*) filter (e.interactive) as interactive,
    sum(e.engaged_ms)::bigint as engaged_ms, max(e.scroll_percent) as scroll_percent,
    ${roles.join(",\n    ")}
  from store.events e${sessionTimesJoin(derived)}
  join session_spans s on s.session = ${sessionText(derived)}${people}${traitJoins(workspace, traits)}
  where e.workspace = ${quote(workspace)} and e.time_ms >= ${firstMillis} and e.time_ms <= ${lastMillis}
  group by s.session${holding === undefined ? "" : `\n  having bool_or(${filterText(holding)})`}
) r left join store.people p on p.subject = ${subject}`
}

/** Attributes that a filter on sessions names. */
export const attributesOf = (filter: PlanFilter | undefined): ReadonlyArray<SessionAttribute> => {
  if (filter === undefined || filter.kind === "bears_index" || filter.kind === "member_of") return []
  if ("filters" in filter) return filter.filters.flatMap(attributesOf)
  if (filter.kind === "not") return attributesOf(filter.filter)
  const { field } = filter
  return field.kind === "session" ? sessionAttributes.filter((each) => each === field.attribute) : []
}
