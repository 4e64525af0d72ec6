import type { CustomersWanted, LifetimePlan, OffsetRun } from "../../ports/analytics/LifetimePlan.ts"
import { bucketText, filterText } from "./conditionText.ts"
import { quote } from "./literals.ts"
import { traitJoins, traitsOf } from "./traitText.ts"
import { ordersText } from "./trendText.ts"

const dayMillis = 86_400_000

/** Orders and refunds of the customers of the cohorts, into `lifetime_payments`. Money that no rate converts is null. */
export const lifetimePaymentsText = (plan: LifetimePlan): string => {
  const { cohortCount, filter, fromMillis, toMillis } = plan
  const cohort = bucketText(plan.buckets)
  const place = "struct_pack(t := time_ms, r := received_us, i := idx, e := event_id)"
  const fits = filter === undefined ? "" : `, ${filterText(filter)} as fits, e.received_us, e.idx, e.event_id`
  return `create or replace temp table lifetime_payments as
with paid as materialized (
  select coalesce(p.person, e.subject) as person, e.money_kind as kind, e.order_id, e.time_ms, abs(e.amount) as amount, e.minor, e.currency${fits}
  from ${ordersText(plan.workspace, plan.conversions)} e left join store.people p on p.subject = e.subject${traitJoins(plan.workspace, traitsOf(filter, []))}
), owners as (
  select order_id, person from paid where kind = 'order' and order_id is not null
), customers as (
  select person, ${cohort} as cohort
  from (select person, min(time_ms) as time_ms from paid where kind = 'order' group by person${
    filter === undefined ? "" : ` having arg_min(fits, ${place})`
  }) e
  where e.time_ms >= ${fromMillis} and e.time_ms < ${toMillis}
), owned as (
  select * from paid where kind = 'order'
  union all by name
  select r.* replace (coalesce(o.person, r.person) as person)
  from paid r left join owners o on o.order_id = r.order_id where r.kind = 'refund'
)
select e.*${filter === undefined ? "" : " exclude (fits, received_us, idx, event_id)"}, c.cohort from owned e join customers c on c.person = e.person
where c.cohort < ${cohortCount} and e.time_ms >= ${fromMillis}`
}

export const lifetimeCohortsText = `select cohort, count(distinct person)::integer as customers
from lifetime_payments where kind = 'order' group by cohort order by cohort`

/** What comes in, and goes back, by period since the first order. */
export const lifetimePeriodsText = ({ buckets, periods, toMillis }: LifetimePlan): string =>
  `select cohort, period, count(*) filter (kind = 'order')::integer as orders, count(*) filter (kind = 'refund')::integer as refunds,
  coalesce(sum(amount) filter (kind = 'order'), 0)::hugeint as revenue, coalesce(sum(amount) filter (kind = 'refund'), 0)::hugeint as refunded
from (
  select e.*, greatest(${bucketText(buckets)} - e.cohort, 0)::integer as period
  from lifetime_payments e where e.time_ms < ${toMillis}
)
where period <= ${periods} group by cohort, period order by cohort, period`

/** What each person brings, as {@link LifetimeRows} tells, for `readPersonRows`. */
export const lifetimePeopleText = ({ buckets, periods, toMillis }: LifetimePlan) => ({
  rows: `select person, cohort * ${periods + 1} + period as key, coalesce(sum(case kind when 'order' then amount else -amount end), 0) as value,
  max((period = 0 and kind = 'order')::integer) as customers
from (
  select e.*, greatest(${bucketText(buckets)} - e.cohort, 0)::integer as period
  from lifetime_payments e where e.time_ms < ${toMillis}
)
where period <= ${periods} group by all`,
  measures: ["value", "customers"]
})

export const lifetimeLeftOutText = `select currency, count(*)::integer as orders, sum(minor)::hugeint as minor
from lifetime_payments where amount is null and minor is not null group by currency order by currency`

export const newestEventText = (workspace: string): string =>
  `select received_us // 1000 as arrival, time_ms as happened from store.arrivals where workspace = ${quote(workspace)}`

/** The calendar's day number; `/` of two integers is exact enough: a day has far fewer milliseconds than a double digits. */
const dayText = (offsets: ReadonlyArray<OffsetRun>): string => {
  const cases = offsets
    .slice(0, -1)
    .map(({ offsetMillis }, index) => `when e.time_ms < ${offsets[index + 1]!.fromMillis} then ${offsetMillis}`)
  const last = offsets.at(-1)!.offsetMillis
  const offset = cases.length === 0 ? String(last) : `case ${cases.join(" ")} else ${last} end`
  return `floor((e.time_ms + ${offset}) / ${dayMillis})::integer`
}

/** A row for each customer who bought before the instant, numbered in their order, into `lifetime_customers`. */
export const lifetimeCustomersText = ({ beforeMillis, offsets }: CustomersWanted): string =>
  `create or replace temp table lifetime_customers as
with days as (
  select e.cohort, e.person, ${dayText(offsets)} as day, coalesce(sum(e.amount), 0)::hugeint as spent
  from lifetime_payments e where e.kind = 'order' and e.time_ms < ${beforeMillis}
  group by all
), customers as (
  select cohort, min(day) as first_day, max(day) as last_day, (count(*) - 1)::integer as frequency,
    (sum(spent) - arg_min(spent, day))::hugeint as repeat_spend
  from days group by cohort, person
)
select row_number() over (order by cohort, first_day, last_day, frequency, repeat_spend) - 1 as n, *
from customers`

export const lifetimeCustomerCountText = "select count(*)::integer as customers from lifetime_customers"

export const lifetimePageText = (from: number, to: number): string =>
  `select n::integer as n, cohort::integer as cohort, first_day, last_day, frequency, repeat_spend::double as repeat_spend
from lifetime_customers where n >= ${from} and n < ${to}`
