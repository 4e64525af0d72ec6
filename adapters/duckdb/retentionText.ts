import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import type { RetentionPlan } from "../../ports/analytics/RetentionPlan.ts"
import { bucketText, filterText } from "./conditionText.ts"
import { activeEvents, isAnyEvent, person, selectedEvents } from "./peopleText.ts"
import { unitText } from "./traitText.ts"

const place = "struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)"

const eventsOf = (plan: RetentionPlan, filter: PlanFilter, since: number | undefined): string => {
  const { accountType, buckets, fromMillis, toMillis, workspace } = plan
  const times = since === undefined ? [] : [`e.time_ms >= ${since}`]
  // Where start and return are one, it does not matter which of them comes first.
  return isAnyEvent(plan.start) && isAnyEvent(plan.return)
    ? activeEvents(workspace, filter, times, buckets, [fromMillis, toMillis], accountType)
    : selectedEvents(workspace, filter, times, accountType)
}

/** Start events of all times, with those that are gone and were somebody's first of their type. */
const startsOf = (plan: RetentionPlan): string => {
  const { accountType, start, workspace } = plan
  const kept = eventsOf(plan, start, undefined)
  if (accountType !== undefined) return kept
  const gone = selectedEvents(workspace, start, [], undefined, "firsts")
  return `(
    select ${person} as subject, min(e.time_ms) as time_ms from ${kept} group by 1
    union all select ${person}, min(e.time_ms) from ${gone} group by 1
  ) e left join (select subject, person from store.people where false) p on p.subject = e.subject`
}

/** One bit for each bucket and for what is behind the last: integers of 63 bits where they are enough. */
const bitsText = ({ bucketCount }: RetentionPlan): string => (bucketCount + 1 <= 63 ? "bigint" : "hugeint")

/** Bucket of an event; behind the last, one more. */
const bucketOf = (plan: RetentionPlan): string =>
  `case when e.time_ms >= ${plan.toMillis} then ${plan.bucketCount} else ${bucketText(plan.buckets)} end`

/** Everybody of each cohort with the instant of their first start event, into `retention_starts`. */
export const retentionStartsText = (plan: RetentionPlan): string => {
  const { accountType, cohortCount, firstTime, fromMillis, start } = plan
  const unit = unitText(accountType)
  const cohort = bucketText(plan.buckets).replaceAll("e.time_ms", "t")
  return `create or replace temp table retention_starts as
with firsts as (
  select ${unit} as person, min(e.time_ms) as t
  from ${firstTime ? startsOf(plan) : eventsOf(plan, start, fromMillis)}
  group by ${firstTime ? unit : `${unit}, ${bucketOf(plan)}`}
)
select person, t, ${cohort} as cohort
from firsts where t >= ${fromMillis} and t < ${plan.toMillis} and ${cohort} < ${cohortCount}`
}

/** The buckets in which each person has return events, as bits, into `retention_returns`. */
export const retentionReturnsText = (plan: RetentionPlan): string =>
  `create or replace temp table retention_returns as
select ${unitText(plan.accountType)} as person, bit_or(1::${bitsText(plan)} << (${bucketOf(plan)})::integer) as buckets
from ${eventsOf(plan, plan.return, plan.fromMillis)}
group by 1`

/**
 * Of each cohort those with a return event in their own bucket at or behind their start, into `retention_own`. Places are
 * compared where the instants are equal.
 */
export const retentionOwnText = (plan: RetentionPlan): string => {
  const head = "create or replace temp table retention_own as\n"
  if (filterText(plan.start) === filterText(plan.return)) return `${head}select person, cohort from retention_starts`
  const eventsText = (filter: PlanFilter) =>
    `(select ${unitText(plan.accountType)} as person, e.time_ms as t, ${place} as place, ${bucketOf(plan)} as bucket from ${eventsOf(plan, filter, plan.fromMillis)})`
  return `${head}with returns as (
  select r.*, s.t as start, s.cohort from ${eventsText(plan.return)} r
  join retention_starts s on s.person = r.person and s.cohort = r.bucket and r.t >= s.t
)
select person, cohort from returns where t > start
union
select r.person, r.cohort from returns r
join ${eventsText(plan.start)} b on b.person = r.person and b.t = r.t and r.place >= b.place
where r.t = r.start`
}

/** Everybody of each cohort: whether they returned in its own bucket, and the buckets from it on as bits. */
export const retentionMembersText = `select s.person, s.cohort, o.person is not null as own, (coalesce(r.buckets, 0) >> s.cohort) as later
  from retention_starts s
  left join retention_returns r on r.person = s.person
  left join retention_own o on o.person = s.person and o.cohort = s.cohort`

/** Whether somebody returned so many buckets behind their cohort's, or then or later. */
export const returnedText = ({ bucketCount }: RetentionPlan, ahead: number, orAfter: boolean): string => {
  if (ahead === 0) return orAfter ? "own or later > 1" : "own"
  return orAfter ? `later >> ${ahead} > 0` : `cohort + ${ahead} <= ${bucketCount} and (later >> ${ahead}) & 1 = 1`
}

export const retentionRowsText = (plan: RetentionPlan): string => {
  const counts = Array.from({ length: plan.bucketCount + 1 }, (_, ahead) => {
    const people = (orAfter: boolean) => `count(*) filter (${returnedText(plan, ahead, orAfter)})::integer`
    return `${people(false)} as on${ahead}, ${people(true)} as since${ahead}`
  })
  return `select cohort, count(*)::integer as people, ${counts.join(", ")}
from (
  ${retentionMembersText}
)
group by cohort order by cohort`
}

/** Of each person the cohorts and the periods of return, as {@link RetentionRows} tells, for `readPersonRows`. */
export const retentionPeopleText = (
  plan: RetentionPlan,
  { orAfter, periods }: NonNullable<RetentionPlan["uncertain"]>
): string => {
  const returned = Array.from(
    { length: periods + 1 },
    (_, period) => `case when ${returnedText(plan, period, orAfter)} then ${1 + period} end`
  )
  return `select person, cohort * ${periods + 2} + place as key, 1 as one
from (select person, cohort, unnest([0, ${returned.join(", ")}]) as place from (
  ${retentionMembersText}
)) where place is not null`
}
