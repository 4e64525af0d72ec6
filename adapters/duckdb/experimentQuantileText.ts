import { quantileDaysMax } from "../../ports/analytics/ExperimentPlan.ts"
import type { ExperimentPlan } from "../../ports/analytics/ExperimentPlan.ts"
import { addedText, takenText } from "./experimentEventsText.ts"
import type { EventColumns } from "./experimentEventsText.ts"
import { afterText, amongText, beforeText, entryText } from "./experimentText.ts"
import type { Pass } from "./ExperimentTally.ts"
import { dayAt } from "./experimentUnitsText.ts"

/** The value at a place among sorted ones from 0 on, linear between neighbours, of `ranked` rows of one group. */
const valueAt = (position: string): string =>
  `sum(case when place = floor(${position}) then value * (1 - (${position} - floor(${position})))
    when place = floor(${position}) + 1 then value * (${position} - floor(${position})) end)`

/**
 * A quantile at the end of each of the last days (`before`: of what was before the exposures, on the last one), with the
 * values at the ends of its interval. The share of values below it is a ratio over units, whose variance is that of the
 * delta method (Deng, Knoblich, Lu 2018).
 */
export const quantileText = (
  plan: ExperimentPlan,
  columns: EventColumns,
  index: number,
  pass: Pass,
  when: "after" | "before"
): string => {
  const metric = plan.metrics[index]!
  const { complete, part, quantile } = metric
  const { ignoreZeros, per, reach, share } = quantile!
  const last = dayAt(plan, String(plan.toMillis - 1))
  const days =
    when === "before"
      ? `select ${last}::smallint as day`
      : `select unnest(range(greatest(0, ${last} - ${quantileDaysMax - 1}), ${last} + 1))::smallint as day`
  const isEntering = complete || when === "before"
  const among = amongText(plan, metric, pass)
  const values =
    per === "event"
      ? `select d.day, a.variant, a.person, a.value from days d join amounts a on a.day <= d.day${ignoreZeros ? " where a.value <> 0" : ""}`
      : `select d.day, u.variant, u.person, coalesce(sum(a.value), 0) as value
  from days d join (select person, variant, ${entryText(plan, metric, "day")} as entry from experiment_units where ${among}) u on u.entry <= d.day
  left join amounts a on a.person = u.person and a.day <= d.day
  group by d.day, u.variant, u.person${ignoreZeros ? " having coalesce(sum(a.value), 0) <> 0" : ""}`
  return `with days as (
  ${days}
), amounts as (
  select person, variant, ${isEntering ? entryText(plan, metric, "entry") : "day"} as day, ${addedText(columns, part)}::double as value
  from experiment_deeds
  where ${takenText(columns, part)} and ${when === "after" ? afterText(metric) : beforeText(metric)} and ${among} and ${addedText(columns, part)} is not null
), values_then as (
  ${values}
), ranked as (
  select *, row_number() over (partition by day, variant order by value) - 1 as place, count(*) over (partition by day, variant) as n
  from values_then
), middle as (
  select day, variant, any_value(n) as n, ${valueAt(`(${share} * (n - 1))`)} as q, sum(value) as sum, sum(value * value) as squares
  from ranked group by day, variant
), clusters as (
  select day, variant, person, count(*)::double as r, (count(*) filter (value <= q))::double as l, bool_or(value <> 0) as converted
  from ranked join middle using (day, variant) group by day, variant, person
), spread as (
  select day, variant, count(*) as units, (count(*) filter (converted)) as converted, sum(l) / sum(r) as ratio, sum(r) / count(*) as mean,
    (sum(l * l) - sum(l) * sum(l) / count(*)) as ll, (sum(l * r) - sum(l) * sum(r) / count(*)) as lr,
    (sum(r * r) - sum(r) * sum(r) / count(*)) as rr
  from clusters group by day, variant
), reached as (
  select *, case when units > 1 then ${reach} * sqrt(greatest(0, ll - 2 * ratio * lr + ratio * ratio * rr) / (units - 1) / (units * mean * mean)) end as reach
  from spread
), ends as (
  select day, variant, case when ${share} - reach > 0 and ${share} + reach < 1 then ${share} - reach end as low,
    case when ${share} - reach > 0 and ${share} + reach < 1 then ${share} + reach end as high from reached
), found as (
  select day, variant, ${valueAt("(e.low * (n - 1))")} as low, ${valueAt("(e.high * (n - 1))")} as high
  from ranked join ends e using (day, variant) where e.low is not null group by day, variant
)
select m.variant, m.day, s.units::bigint as count, s.converted::bigint as converted, m.sum, m.squares, m.q as value, f.low, f.high
from middle m join spread s using (day, variant) left join found f using (day, variant) order by variant, day`
}
