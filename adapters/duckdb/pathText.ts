import type { PathPlan } from "../../ports/analytics/PathPlan.ts"
import { filterText } from "./conditionText.ts"
import { eventColumnsText, shareText } from "./eventColumns.ts"
import type { PeopleShare } from "./eventColumns.ts"
import { quote } from "./literals.ts"
import { eventsWithPeople, person } from "./peopleText.ts"
import { beginsBit, nodeShift, passesBit } from "./walkPaths.ts"

/** When each person's path starts, or ends, into `path_firsts`. */
export const pathFirstsText = ({ anchor, fromMillis, toMillis, workspace }: PathPlan): string =>
  `create or replace temp table path_firsts as
select ${person} as person, min(e.time_ms) as t
from ${eventsWithPeople(workspace, anchor)}
where e.workspace = ${quote(workspace)} and e.time_ms >= ${fromMillis} and e.time_ms < ${toMillis} and ${filterText(anchor)}
group by 1`

/** What may lie on the paths with its distance from their begin, or end, into `path_events`. */
export const pathEventsText = (plan: PathPlan): string => {
  const { anchor, through, windowMillis, workspace } = plan
  const distance = plan.direction === "forward" ? "e.time_ms - f.t" : "f.t - e.time_ms"
  const { from, to } = timesOf(plan)
  const [passes, begins] = [filterText(through), filterText(anchor)]
  return `create or replace temp table path_events as
select f.person, ${distance} as d, e.received_us as r, e.idx as i, e.event_id as e, ${passes} as passes,
  ${distance} = 0 and ${begins} as begins, e.event_type, case when e.event_type = 'page_view' then e.path end as path
from ${eventsWithPeople(workspace, { kind: "or", filters: [through, anchor] })}
join path_firsts f on f.person = ${person}
where e.workspace = ${quote(workspace)} and e.time_ms >= ${from} and e.time_ms < ${to}
  and ${distance} between 0 and ${windowMillis} and (${passes} or (${distance} = 0 and ${begins}))`
}

const pathOf = (alias: string): string => `case when ${alias}.event_type = 'page_view' then ${alias}.path end`

/**
 * What events of the time are shown as, numbered in the order of the texts, into `path_names`: judged once for each type
 * and path.
 */
export const pathNamesText = (plan: PathPlan): string => {
  const { groups, pages, workspace } = plan
  const { from, to } = timesOf(plan)
  const cases = groups.map((rule) => `when regexp_full_match(path, ${quote(groupPattern(rule))}) then ${quote(rule)}`)
  const page = cases.length === 0 ? "path" : `case ${cases.join(" ")} else path end`
  return `create or replace temp table path_names as
select event_type, path, node, (dense_rank() over (order by node) - 1)::uinteger as id from (
  select event_type, path, case when path is null then 'e' || event_type else 'p' || ${page} end as node from (
    select distinct e.event_type, ${pages ? pathOf("e") : "null::varchar"} as path from store.events e
    where e.workspace = ${quote(workspace)} and e.time_ms >= ${from} and e.time_ms < ${to}
  )
)`
}

export const pathNameListText = "select list(node order by id) as nodes from (select distinct id, node from path_names)"

/** Events that paths may begin at or lead through, of those people whose hash falls into the share. */
export const pathColumnsText = (plan: PathPlan, share: PeopleShare): string => {
  const { anchor, pages, through, workspace } = plan
  const { from, to } = timesOf(plan)
  const [passes, begins] = [filterText(through), filterText(anchor)]
  const conditions = [
    `e.workspace = ${quote(workspace)}`,
    `e.time_ms >= ${from}`,
    `e.time_ms < ${to}`,
    `(${passes} or ${begins})`,
    ...shareText(share, person)
  ]
  const flag = (holds: string, bit: number) => `case when ${holds} then ${bit} else 0 end`
  const code = `n.id * ${2 ** nodeShift} + ${flag(passes, passesBit)} + ${flag(begins, beginsBit)}`
  return `select ${eventColumnsText(person)}, (${code})::uinteger as code
from ${eventsWithPeople(workspace, { kind: "or", filters: [through, anchor] })}
join path_names n on n.event_type = e.event_type${pages ? ` and n.path is not distinct from ${pathOf("e")}` : ""}
where ${conditions.join(" and ")}`
}

/** When events may lie on a path. */
export const timesOf = ({ direction, fromMillis, toMillis, windowMillis }: PathPlan) =>
  direction === "forward"
    ? { from: fromMillis, to: toMillis + windowMillis }
    : { from: fromMillis - windowMillis, to: toMillis }

/** RE2 of a rule with wildcards. */
const groupPattern = (rule: string): string =>
  `(?s)${rule
    .split("*")
    .map((part) => part.replaceAll(/[ -/:-@[-`{-~]/g, String.raw`\$&`))
    .join(".*")}`

/** The rule that each path is shown as, into `path_groups`: judged once for each path. */
export const pathGroupsText = ({ groups }: PathPlan): string => {
  const cases = groups.map((rule) => `when regexp_full_match(path, ${quote(groupPattern(rule))}) then ${quote(rule)}`)
  return `create or replace temp table path_groups as
select path, case ${cases.join(" ")} else path end as shown
from (select distinct path from path_events where path is not null)`
}

/** A node is its kind, `e` or `p`, and its name. */
const nodeText = ({ groups, pages }: PathPlan): string => {
  const event = "'e' || x.event_type"
  if (!pages) return event
  return `case when x.path is null then ${event} else 'p' || ${groups.length > 0 ? "g.shown" : "x.path"} end`
}

/** The steps of each person's path, into `path_steps`, each with the node of the step before and how long it took. */
export const pathStepsText = (plan: PathPlan, people: "with people" | "without" = "without"): string => {
  const { collapse, direction, gapMillis, groups, pages, steps } = plan
  const forward = direction === "forward"
  const order = ["r", "i", "e"].map((column) => `x.${column}${forward ? "" : " desc"}`).join(", ")
  const place = "struct_pack(r := x.r, i := x.i, e := x.e)"
  const grouped = pages && groups.length > 0 ? "\n  left join path_groups g on g.path = x.path" : ""
  const whose = people === "with people" ? "person, " : ""
  const ordered = "over (partition by person order by n rows unbounded preceding)"
  const head = `create or replace temp table path_steps as
with anchors as (
  select x.person, min(${place}) as place from path_events x where x.begins group by 1
), ordered as (
  select x.person, x.d, ${nodeText(plan)} as node, row_number() over w as n, ${collapse ? "" : `lag(${nodeText(plan)}) over w as near, `}x.d - lag(x.d) over w as millis
  from path_events x left join anchors a on a.person = case when x.d = 0 then x.person end${grouped}
  where x.d > 0 or ${place} = a.place or (x.passes and ${place} ${forward ? ">" : "<"} a.place)
  window w as (partition by x.person order by x.d, ${order})
)`
  // Without loops to collapse a step is an event, and what is near it the event before: one order serves all.
  if (!collapse)
    return `${head}, walked as (
  select *, max(n) over p as last, min(case when millis > ${gapMillis} then n end) over p as broken
  from ordered window p as (partition by person)
)
select ${whose}(n - 1)::integer as step, node, 1 as events, near, millis, n = coalesce(broken - 1, last) as dropped
from walked where (broken is null or n < broken) and n - 1 <= ${steps}`
  return `${head}, walked as (
  select person, d, node, n, coalesce(millis > ${gapMillis}, false) as broken, node is distinct from lag(node) over w as moved
  from ordered window w as (partition by person order by n)
), whole as (
  select person, d, node, n, sum(moved::integer) ${ordered} - 1 as step, bool_or(broken) ${ordered} as ended
  from walked
), reached as (
  select person, step, any_value(node) as node, min(d) as d, count(*) as events from whole where not ended group by person, step
)
select ${whose}step::integer as step, node, events, lag(node) over v as near, d - lag(d) over v as millis, lead(step) over v is null as dropped
from reached window v as (partition by person order by step)
qualify step <= ${steps}`
}

/** Every edge with its rank, into `path_edges`. */
export const pathEdgesText = ({ direction }: PathPlan): string => {
  const [from, to] = direction === "forward" ? ["near", "node"] : ["node", "near"]
  return `create or replace temp table path_edges as
select *, row_number() over (order by people desc, step, "from", "to") as rank from (
  select step, ${from} as "from", ${to} as "to", count(*)::integer as people, sum(events)::integer as events,
    median(millis)::double as median
  from path_steps where step > 0 group by all
)`
}

/** Every node with its rank, into `path_nodes`. */
export const pathNodesText = `create or replace temp table path_nodes as
select *, row_number() over (order by people desc, step, node) as rank from (
  select step, node, count(*)::integer as people, count(*) filter (dropped)::integer as dropped from path_steps group by all
)`

export const topText = (table: "path_edges" | "path_nodes", { top }: PathPlan): string =>
  `select * from ${table} where rank <= ${top} order by rank`

/** What is behind the top, by step. */
export const otherText = (table: "path_edges" | "path_nodes", sum: "events" | "dropped", { top }: PathPlan): string =>
  `select step, count(*)::integer as count, sum(people)::integer as people, sum(${sum})::integer as sum
from ${table} where rank > ${top} group by step order by step`
