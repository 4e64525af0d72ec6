import type { ExperimentMetricPlan, ExperimentPart, ExperimentPlan } from "../../ports/analytics/ExperimentPlan.ts"
import type { PlanField } from "../../ports/analytics/PlanFilter.ts"
import { bucketText, fieldText, filterText } from "./conditionText.ts"
import { quote } from "./literals.ts"
import { traitJoins, traitsOf } from "./traitText.ts"
import { ordersText, valueText } from "./trendText.ts"

const person = "coalesce(p.person, e.subject)"
const place = "struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)"
const property = (name: string) => fieldText({ kind: "property", name })
const dayAt = ({ buckets }: ExperimentPlan, instant: string): string =>
  bucketText(buckets).replaceAll("e.time_ms", instant)

/** Everybody's exposures up to the end of the phase, into `experiment_exposures`. */
export const exposuresText = (plan: ExperimentPlan): string => {
  const places = plan.variants.map((variant, index) => `when ${quote(variant)} then ${index}`)
  // A draft has no variant yet, and nobody is in it.
  const variant = places.length === 0 ? "null" : `(case ${property("variant")} ${places.join(" ")} end)`
  return `create or replace temp table experiment_exposures as
select ${person} as person, e.time_ms, ${place} as place, ${variant}::tinyint as variant,
  try_cast(${property("phase")} as integer) as phase${plan.steps === undefined ? "" : `, try_cast(${property("step")} as integer) as step`}
from store.events e left join store.people p on p.subject = e.subject
where e.workspace = ${quote(plan.workspace)} and e.event_type = 'experiment_exposed' and e.time_ms < ${plan.toMillis}
  and ${property("experiment_id")} = ${quote(plan.experiment)}`
}

/**
 * Units of the phase by their first exposure, into `experiment_units`; who was exposed before it is none. An exposure
 * that names the phase before was decided in the moment in which the new one began: it is of neither.
 */
export const unitsText = (plan: ExperimentPlan): string => `create or replace temp table experiment_units as
select person, arg_min(variant, place) as variant, min(time_ms) as first_ms, min(variant) <> max(variant) as several,
  ${dayAt(plan, "min(time_ms)")}::integer as day
from experiment_exposures
where variant is not null and time_ms >= ${plan.fromMillis} and (phase is null or phase = ${plan.phase})
  and person not in (select person from experiment_exposures where time_ms < ${plan.fromMillis})
group by person`

/**
 * The units of a bandit once more, each variant once for each step, from \`experiment_known\`: the text of metrics and counts
 * then holds for steps too.
 */
export const steppedUnitsText = (
  plan: ExperimentPlan,
  steps: ReadonlyArray<number>
): string => `create or replace temp table experiment_units as
with logged as (
  select person, arg_min_null(step, place) as step from experiment_exposures
  where variant is not null and time_ms >= ${plan.fromMillis} and (phase is null or phase = ${plan.phase}) group by person
)
select u.person, (case when l.step between 1 and ${steps.length} then l.step - 1
  ${steps
    .map((start, at) => `when u.first_ms >= ${start} then ${at}`)
    .toReversed()
    .join("\n  ")} else 0 end)::integer * ${plan.variants.length} + u.variant::integer as variant,
  u.first_ms, u.several, u.day
from experiment_known u join logged l using (person)`

export const knownUnitsText = "create or replace temp table experiment_known as from experiment_units"

export const unitCountsText = `select variant, day, count(*)::integer as assigned, (count(*) filter (not several))::integer as participants
from experiment_units group by all order by all`

export const carriedOverText = ({
  fromMillis,
  phase
}: ExperimentPlan): string => `select count(distinct person)::integer as people
from experiment_exposures where time_ms >= ${fromMillis} and (phase is null or phase = ${phase})
  and person in (select person from experiment_exposures where time_ms < ${fromMillis})`

/** The last value that an event brought; of what belongs to a person, the one that stood last, be it none. */
const lastText = (field: PlanField): string => {
  const text = fieldText(field)
  if (field.kind === "trait" || field.kind === "account" || field.kind === "account_trait")
    return `arg_max_null(${text}, ${place})`
  // Events of no known origin do not take the known one away.
  return field.kind === "channel"
    ? `coalesce(arg_max(nullif(${text}, ${quote(field.otherwise)}), ${place}), ${quote(field.otherwise)})`
    : `arg_max(${text}, ${place})`
}

/** Each unit's value of the field at or before its first exposure, into `experiment_values`. */
export const valuesText = (
  plan: ExperimentPlan,
  field: PlanField
): string => `create or replace temp table experiment_values as
with known as (
  select u.person, ${lastText(field)}::varchar as value
  from store.events e left join store.people p on p.subject = e.subject
  join experiment_units u on u.person = ${person}${traitJoins(plan.workspace, traitsOf(undefined, [field]))}
  where e.workspace = ${quote(plan.workspace)} and e.time_ms < ${plan.toMillis} and e.time_ms <= u.first_ms
  group by u.person
)
select u.*, k.value from experiment_units u left join known k on k.person = u.person`

/** Values of most units, into `experiment_slices`; who is in one variant alone counts. */
export const slicesText = (valuesMax: number): string => `create or replace temp table experiment_slices as
select value, (row_number() over (order by count(*) desc, value nulls last))::integer - 1 as slice, (count(*) over ())::integer as found
from experiment_values where not several group by value qualify slice < ${valuesMax}`

export const slicesFoundText = "select slice, value, found from experiment_slices order by slice"

/** The units again, each variant once for each slice: the text of metrics and counts then holds for slices too. */
export const slicedUnitsText = ({
  variants
}: ExperimentPlan): string => `create or replace temp table experiment_units as
select v.person, s.slice * ${variants.length} + v.variant::integer as variant, v.first_ms, v.several, v.day
from experiment_values v join experiment_slices s on s.value is not distinct from v.value`

type Source = "events" | "orders"
const sourceOf = ({ value }: ExperimentPart): Source => (value.kind === "revenue" ? "orders" : "events")

const amountOf = ({ value }: ExperimentPart): string => {
  if (value.kind === "property") return valueText(value.name)
  return value.kind === "revenue" ? "e.amount::decimal(38, 0)" : "1::decimal(28, 9)"
}

interface Column {
  readonly name: string
  readonly part: ExperimentPart
  readonly when: string
}

/** Sums that metrics need of each unit and day: `n` from the exposure on, `d` of denominators, `x` of history. */
const columnsOf = ({ metrics }: ExperimentPlan): ReadonlyArray<Column> =>
  metrics.flatMap(({ denominator, fromMillis, historyMillis, part, untilMillis }, index) => {
    const until = untilMillis === undefined ? "" : ` and e.time_ms < u.first_ms + ${untilMillis}`
    const after = `e.time_ms >= u.first_ms + ${fromMillis}${until}`
    const before = `e.time_ms < u.first_ms and e.time_ms >= u.first_ms - ${historyMillis ?? 0}`
    return [
      { name: `n${index}`, part, when: after },
      ...(denominator === undefined ? [] : [{ name: `d${index}`, part: denominator, when: after }]),
      ...(historyMillis === undefined ? [] : [{ name: `x${index}`, part, when: before }])
    ]
  })

const historyMillisOf = ({ metrics }: ExperimentPlan): number =>
  Math.max(0, ...metrics.map(({ historyMillis = 0 }) => historyMillis))

/** The one pass over the events of each source. */
const gatheredText = (plan: ExperimentPlan, source: Source, columns: ReadonlyArray<Column>): string => {
  const own = columns.filter(({ part }) => sourceOf(part) === source)
  const filters = own.map(({ part }) => part.filter)
  const history = historyMillisOf(plan)
  const sums = columns.map(({ name, part, when }) =>
    sourceOf(part) === source
      ? `sum(case when ${when} and ${filterText(part.filter)} then ${amountOf(part)} end)::double as ${name}`
      : `null::double as ${name}`
  )
  // Whoever did anything before has a history, if only of nothing that the metric counts.
  const known = source === "events" && history > 0
  const wanted = [...new Set(filters.map(filterText))]
  const any = `(${[...wanted, ...(known ? ["e.time_ms < u.first_ms"] : [])].join(" or ")})`
  return `select u.person, case when e.time_ms < u.first_ms then -1 else ${dayAt(plan, "e.time_ms")} end::integer as day,
  ${plan.metrics.map(({ historyMillis }, index) => (historyMillis === undefined || !known ? `false as k${index}` : `bool_or(e.time_ms < u.first_ms and e.time_ms >= u.first_ms - ${historyMillis}) as k${index}`)).join(", ")},
  ${sums.join(", ")}
from ${source === "orders" ? ordersText(plan.workspace, plan.conversions) : "store.events"} e
left join store.people p on p.subject = e.subject join experiment_units u on u.person = ${person}${traitJoins(plan.workspace, traitsOf({ kind: "and", filters }, []))}
where e.workspace = ${quote(plan.workspace)} and e.time_ms >= ${plan.fromMillis - history} and e.time_ms < ${plan.toMillis}
  and e.time_ms >= u.first_ms - ${history} and ${any}
group by all`
}

/** What every unit did on every day, and before (day −1), into `experiment_cells`. */
export const cellsText = (plan: ExperimentPlan): string => {
  const columns = columnsOf(plan)
  const sources = [
    ...new Set([
      ...columns.map(({ part }) => sourceOf(part)),
      ...(historyMillisOf(plan) > 0 ? (["events"] as const) : [])
    ])
  ]
  return `create or replace temp table experiment_cells as
${sources.map((source) => gatheredText(plan, source, columns)).join("\nunion all by name\n")}`
}

/** Of each metric, the total of a unit above which it counts no more. */
export const capText = (metric: ExperimentMetricPlan, index: number): string | undefined => {
  const { cap } = metric
  if (cap?.kind !== "percentile") return undefined
  const totals = `select u.person, coalesce(sum(c.n${index}) filter (c.day >= 0), 0) as total
from experiment_units u left join experiment_cells c using (person) where not u.several group by u.person`
  return `select quantile_cont(total, ${cap.share})::double as cap from (${totals})${cap.ignoreZeros ? " where total <> 0" : ""}`
}

/** y of a total. */
const outcome = ({ yes }: ExperimentMetricPlan, total: string, cap: number | undefined): string =>
  yes ? `(${total} > 0)::integer` : cap === undefined ? total : `least(${total}, ${cap})`

/**
 * What each day brought to each variant. A unit's total grows from day to day, so its square, and its products with
 * history and denominator, grow by the difference of two of them.
 */
export const metricText = (
  plan: ExperimentPlan,
  index: number,
  cap: number | undefined,
  pass: "alone" | "intended"
): string => {
  const metric = plan.metrics[index]!
  const { complete, denominator, historyMillis, untilMillis = 0 } = metric
  const day = complete ? `${dayAt(plan, `(u.first_ms + ${untilMillis})`)}::integer` : "u.day"
  const among = [
    ...(pass === "alone" ? ["not u.several"] : []),
    ...(complete ? [`u.first_ms + ${untilMillis} < ${plan.toMillis}`] : [])
  ]
  const where = among.length === 0 ? "" : ` where ${among.join(" and ")}`
  const history =
    historyMillis === undefined
      ? "null::double"
      : `case when bool_or(c.k${index}) then ${outcome(metric, `coalesce(sum(c.x${index}), 0)`, cap)}::double end`
  const [y, before] = [outcome(metric, "t", cap), outcome(metric, "(t - v)", cap)].map((text) => `(${text})::double`)
  return `with units as (
  select u.person, u.variant, ${day} as day, ${history} as x
  from experiment_units u left join experiment_cells c on c.person = u.person and c.day = -1${where} group by all
), amounts as (
  select u.person, u.variant, u.x, ${complete ? "u.day" : "c.day"} as day, coalesce(sum(c.n${index}), 0) as v,
    ${denominator === undefined ? "0" : `coalesce(sum(c.d${index}), 0)`}::double as w
  from units u join experiment_cells c on c.person = u.person and c.day >= 0
  where c.n${index} is not null${denominator === undefined ? "" : ` or c.d${index} is not null`} group by all
), totals as (
  select *, sum(v) over before_too as t, sum(w) over before_too as s
  from amounts window before_too as (partition by person order by day rows unbounded preceding)
), grown as (
  select variant, day, x, ${y} as y, ${before} as b, s, s - w as r from totals
), outcomes as (
  select variant, day, sum((y <> 0)::integer - (b <> 0)::integer)::bigint as converted, sum(y - b) as sum, sum(y * y - b * b) as squares,
    sum(s - r) as dsum, sum(s * s - r * r) as dsquares, sum(y * s - b * r) as dproducts,
    coalesce(sum(x * (y - b)), 0) as xproducts, coalesce(sum(y - b) filter (x is not null), 0) as xoutcomes
  from grown group by all
), counts as (
  select variant, day, count(*)::bigint as count, count(x)::bigint as xcount, coalesce(sum(x), 0) as xsum, coalesce(sum(x * x), 0) as xsquares
  from units group by all
)
select variant, day, coalesce(count, 0) as count, coalesce(xcount, 0) as xcount, coalesce(xsum, 0) as xsum, coalesce(xsquares, 0) as xsquares,
  coalesce(converted, 0) as converted, coalesce(sum, 0) as sum, coalesce(squares, 0) as squares, coalesce(dsum, 0) as dsum,
  coalesce(dsquares, 0) as dsquares, coalesce(dproducts, 0) as dproducts, coalesce(xproducts, 0) as xproducts, coalesce(xoutcomes, 0) as xoutcomes
from counts full join outcomes using (variant, day) order by variant, day`
}
