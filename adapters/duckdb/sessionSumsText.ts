import type { PeopleSource } from "../../ports/analytics/PeoplePlan.ts"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import type { SessionListPlan, SessionPlan } from "../../ports/analytics/SessionPlan.ts"
import { bucketText, fieldText, filterText, unset } from "./conditionText.ts"
import { personIdText } from "./listText.ts"
import { quote } from "./literals.ts"

const whereText = (filter: PlanFilter | undefined): string =>
  filter === undefined ? "" : ` where ${filterText(filter)}`
const valueText = ({ breakdown }: SessionPlan): string =>
  `coalesce(${typeof breakdown === "object" ? fieldText(breakdown) : `e.${breakdown}`}, '${unset}')`

const bucketOf = ({ buckets }: SessionPlan): string => bucketText(buckets).replaceAll("e.time_ms", "e.start_ms")

/** The breakdown's values, most sessions first. */
export const sessionGroupsText = (plan: SessionPlan): string => `select ${valueText(plan)} as value
from session_rows e${whereText(plan.filter)} group by 1 order by count(*) desc, value limit ${plan.top}`

/** The whole range, each value of the breakdown, and both by bucket. */
export const sessionSumsText = (plan: SessionPlan, groups: ReadonlyArray<string>): string => {
  const grouped = plan.breakdown !== undefined
  const series = plan.buckets.length > 0
  const cases = groups.map((value, index) => `when ${quote(value)} then ${index}`)
  const group = cases.length === 0 ? "-1" : `case ${valueText(plan)} ${cases.join(" ")} else -1 end`
  const columns = [...(series ? [`${bucketOf(plan)} as bucket`] : []), ...(grouped ? [`${group} as grp`] : [])]
  const sets = [
    "()",
    ...(grouped ? ["(grp)"] : []),
    ...(series ? ["(bucket)", ...(grouped ? ["(bucket, grp)"] : [])] : [])
  ]
  return `select ${series ? "bucket" : "null"} as bucket, ${grouped ? "grp" : "null"} as grp, count(*)::bigint as sessions, count(distinct person)::bigint as people,
  count(*) filter (bounced)::bigint as bounces, sum(pages)::hugeint as pages, sum(duration_ms)::hugeint as duration, median(duration_ms)::double as median,
  coalesce(sum(engaged_ms), 0)::hugeint as engaged, count(engaged_ms)::bigint as engaged_sessions,
  coalesce(sum(scroll_percent), 0)::hugeint as scroll, count(scroll_percent)::bigint as scrolled_sessions
from (select e.*${columns.map((column) => `, ${column}`).join("")} from session_rows e${whereText(plan.filter)})
group by grouping sets (${sets.join(", ")})
having count(*) > 0
order by bucket nulls first, grp nulls first`
}

/** Whose sessions count there. */
export const sessionPeopleText = ({
  bucket,
  plan,
  value
}: Extract<PeopleSource, { readonly kind: "session" }>): string => {
  const conditions = [
    ...(plan.filter === undefined ? [] : [filterText(plan.filter)]),
    ...(bucket === undefined ? [] : [`${bucketOf(plan)} = ${bucket}`]),
    ...(plan.breakdown === undefined ? [] : [`${valueText(plan)} = ${quote(value ?? unset)}`])
  ]
  return `select person from session_rows e${conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`}`
}

const behindText = ({ before }: SessionListPlan): string =>
  before === undefined
    ? "true"
    : `(e.start_ms, e.session) < (${before.startMillis}, ${BigInt(`0x${before.key}`)}::ubigint)`

/** Where nothing but the page decides, no other session needs a row. */
export const sessionPageText = (plan: SessionListPlan): string =>
  `create or replace temp table session_spans as
select e.* from session_spans e where ${behindText(plan)} order by e.start_ms desc, e.session desc limit ${plan.limit}`

export const sessionListText = (plan: SessionListPlan): string => `with page as materialized (
  select e.* from session_rows e where ${behindText(plan)}${plan.filter === undefined ? "" : ` and ${filterText(plan.filter)}`}
  order by e.start_ms desc, e.session desc limit ${plan.limit}
), members as materialized (
  select person as subject, person from page union select subject, person from store.people where person in (select person from page)
), names as (
  select coalesce(p.person, e.subject) as person, ${personIdText} as person_id
  from store.events e join members p on p.subject = e.subject group by 1
)
select page.*, names.person_id from page join names on names.person = page.person
order by start_ms desc, session desc`
