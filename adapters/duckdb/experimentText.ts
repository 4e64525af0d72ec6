import type { ExperimentMetricPlan, ExperimentPlan } from "../../ports/analytics/ExperimentPlan.ts"
import { addedText, knownTable, takenText } from "./experimentEventsText.ts"
import type { EventColumns } from "./experimentEventsText.ts"
import { dayAt } from "./experimentUnitsText.ts"

/** Whose sums: of units of one variant alone, or also those of several in the one that they saw first. */
export type Pass = "alone" | "intended"

/** The day from which on a unit counts. */
export const entryText = (plan: ExperimentPlan, { complete, untilMillis = 0 }: ExperimentMetricPlan, day: string) =>
  complete ? `${dayAt(plan, `(first_ms + ${untilMillis})`)}::smallint` : day

/** Which units count. */
export const amongText = (
  { toMillis }: ExperimentPlan,
  { complete, untilMillis = 0 }: ExperimentMetricPlan,
  pass: Pass
): string =>
  [
    ...(pass === "alone" ? ["not several"] : []),
    ...(complete ? [`first_ms + ${untilMillis} < ${toMillis}`] : []),
    "true"
  ].join(" and ")

/** The metric's time after the first exposure, and the one before it. */
export const afterText = ({ fromMillis, untilMillis }: ExperimentMetricPlan): string =>
  `after_ms >= ${fromMillis}${untilMillis === undefined ? "" : ` and after_ms < ${untilMillis}`}`
export const beforeText = ({ beforeMillis }: ExperimentMetricPlan): string =>
  `after_ms < 0 and after_ms >= -${beforeMillis}`

/**
 * What every unit did on every day (`v`, and `w` of a denominator), and before (day −1), into `experiment_cells`. Of what a
 * unit did or did not, the first day.
 */
export const cellsText = (plan: ExperimentPlan, columns: EventColumns, index: number, pass: Pass): string => {
  const metric = plan.metrics[index]!
  const { complete, denominator, funnel, part, yes } = metric
  const taken = funnel === undefined ? takenText(columns, part) : "true"
  const below = denominator === undefined ? undefined : takenText(columns, denominator)
  const day = complete ? entryText(plan, metric, "entry") : yes ? "min(day)" : "day"
  const dayOf = `(case when after_ms < 0 then -1 else ${complete ? day : "day"} end)::smallint`
  const sum = (flag: string, added: string) => `coalesce(sum(${added}) filter (${flag}), 0)::double`
  return `create or replace temp table experiment_cells as
select person, any_value(variant) as variant, any_value(${entryText(plan, metric, "entry")}) as entry,
  ${yes ? `(case when before then -1 else ${complete ? `any_value(${day})` : day} end)::smallint as day, 1::double as v` : `day_of as day, ${sum(taken, addedText(columns, part))} as v`},
  ${below === undefined ? "0::double" : sum(below, addedText(columns, denominator!))} as w
from (
  select *, ${yes ? "after_ms < 0 as before" : `${dayOf} as day_of`} from ${funnel === undefined ? "experiment_events" : "experiment_completions"}
  where (${[taken, ...(below === undefined ? [] : [below])].join(" or ")})
    and ((${afterText(metric)}) or (${beforeText(metric)})) and ${amongText(plan, metric, pass)}
) group by person, ${yes ? "before" : "day_of"}`
}

/** Where totals of the metric are cut, and how many units have more: of `experiment_cells` of those of one variant alone. */
export const cutText = (plan: ExperimentPlan, metric: ExperimentMetricPlan): string | undefined => {
  const { cap } = metric
  if (cap === undefined) return undefined
  const all =
    cap.kind === "percentile" && !cap.ignoreZeros
      ? `select coalesce(t.total, 0) as total from experiment_units u left join totals t using (person) where ${amongText(plan, metric, "alone")}`
      : "select total from totals where total <> 0"
  const found = cap.kind === "absolute" ? `${cap.value}` : `(select quantile_cont(total, ${cap.share}) from (${all}))`
  // A share of totals below zero cuts nothing.
  return `with totals as (select person, sum(v) as total from experiment_cells where day >= 0 group by person),
cut as (select ${found}::double as cap)
select cap, (select count(*)::integer from totals where total > cap) as units from cut where cap >= 0`
}

/** Units by the day from which on they count; of a metric that is adjusted also those that anything is known of. */
export const countsText = (plan: ExperimentPlan, metric: ExperimentMetricPlan, pass: Pass): string => {
  const { adjusts, beforeMillis } = metric
  const known = adjusts ? ` left join ${knownTable(beforeMillis)} k using (person)` : ""
  return `select variant, ${entryText(plan, metric, "day")} as day, count(*)::bigint as count${adjusts ? ", count(k.person)::bigint as hcount" : ""}
from experiment_units u${known} where ${amongText(plan, metric, pass)} group by all order by all`
}

const capped = (total: string, cap: number | undefined): string =>
  cap === undefined ? total : `least(${total}, ${cap})`

/**
 * What each day brought to each variant after the exposure, from `experiment_cells`. A unit's total grows from day to day,
 * so its square, and its products with history and denominator, grow by the difference of two of them.
 */
export const changesText = (metric: ExperimentMetricPlan, cap: number | undefined): string => {
  const { adjusts, beforeMillis, complete, denominator, yes } = metric
  const isOnce = yes || complete
  const totals = isOnce
    ? "select *, v as t, w as s from experiment_cells where day >= 0"
    : `select *, sum(v) over before_too as t, ${denominator === undefined ? "0::double" : "sum(w) over before_too"} as s
  from experiment_cells where day >= 0 window before_too as (partition by person order by day rows unbounded preceding)`
  const history = `
left join (select person, ${capped("v", cap)} as x, w as m from experiment_cells where day = -1) h using (person)
left join ${knownTable(beforeMillis)} k using (person)`
  const sums = [
    "sum((y <> 0)::integer - (b <> 0)::integer)::bigint as converted, sum(y - b) as sum, sum(y * y - b * b) as squares",
    ...(denominator === undefined
      ? []
      : ["sum(s - r) as dsum, sum(s * s - r * r) as dsquares, sum(y * s - b * r) as dproducts"]),
    ...(adjusts
      ? ["coalesce(sum(x * (y - b)), 0) as xy, coalesce(sum(y - b) filter (k.person is not null), 0) as hy"]
      : []),
    ...(adjusts && denominator !== undefined
      ? [
          `coalesce(sum(x * (s - r)), 0) as xd, coalesce(sum(m * (y - b)), 0) as my, coalesce(sum(m * (s - r)), 0) as md,
  coalesce(sum(s - r) filter (k.person is not null), 0) as hd`
        ]
      : [])
  ]
  return `with totals as (
  ${totals}
), grown as (
  select person, variant, day, ${capped("t", cap)} as y, ${capped("(t - v)", cap)} as b, s, s - w as r from totals
)
select variant, day, ${sums.join(",\n  ")}
from grown${adjusts ? history : ""} group by variant, day order by variant, day`
}

/** What units did before their first exposure, by the day from which on they count, from `experiment_cells`. */
export const priorText = (metric: ExperimentMetricPlan, cap: number | undefined): string => {
  const below =
    metric.denominator === undefined ? "" : ", sum(w) as msum, sum(w * w) as msquares, sum(x * w) as mproducts"
  return `select variant, entry as day, sum(x) as xsum, sum(x * x) as xsquares${below}
from (select *, ${capped("v", cap)} as x from experiment_cells where day = -1) group by all order by all`
}
