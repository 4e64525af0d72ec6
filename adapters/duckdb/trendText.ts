import { isMoney, isUncertain } from "../../ports/analytics/TrendPlan.ts"
import type { ConversionRun, PlanMetric, TrendPlan } from "../../ports/analytics/TrendPlan.ts"
import { bucketText, fieldText, filterText, unset } from "./conditionText.ts"
import { pointerTo, quote } from "./literals.ts"
import { paymentIdsText } from "./schema.ts"
import { sessionText, sessionTimesJoin } from "./sessionText.ts"
import { traitJoins, traitsOf, unitConditions, unitText } from "./traitText.ts"

/** Where accounts of a type are counted, an event stands once for each that it belongs to. */
export type MetricSource = "events" | "orders" | `accounts_${string}`

export const sourceOf = (metric: PlanMetric): MetricSource => {
  if (metric.kind === "accounts") return `accounts_${metric.accountType}`
  return metric.kind === "orders" || isMoney(metric) ? "orders" : "events"
}

/** The plan's sources, each once. */
export const sourcesOf = ({ metrics }: TrendPlan): ReadonlyArray<MetricSource> => [...new Set(metrics.map(sourceOf))]

const countedType = (source: MetricSource): string | undefined =>
  source.startsWith("accounts_") ? source.slice("accounts_".length) : undefined

const countsUnits = (metric: PlanMetric): boolean =>
  metric.kind === "people" || metric.kind === "people_share" || metric.kind === "accounts"

interface Part {
  readonly name: string
  /** Of one event. */
  readonly value: string
  readonly fold: Fold
}

type Fold = "count" | "sum" | "min" | "max"

/** What a metric needs of the events. */
const partsOf = (metric: PlanMetric, index: number): ReadonlyArray<Part> => {
  const { where } = metric
  if (where === undefined) return wholePartsOf(metric, index)
  const condition = filterText(where)
  const parts: ReadonlyArray<Part> = isDistinct(metric)
    ? [{ name: `n${index}`, value: "1", fold: "max" }]
    : wholePartsOf(metric, index)
  return parts.map((part) => ({ ...part, value: `case when ${condition} then ${part.value} end` }))
}

/** Counted by what they are, not added up. */
const isDistinct = (metric: PlanMetric): boolean => countsUnits(metric) || metric.kind === "sessions"

/** Of those events alone that the metric takes. */
const takenText = ({ where }: PlanMetric, index: number): string =>
  where === undefined ? "" : ` filter (n${index} is not null)`

const wholePartsOf = (metric: PlanMetric, index: number): ReadonlyArray<Part> => {
  const name = `n${index}`
  switch (metric.kind) {
    case "events":
      return [{ name, value: "1", fold: "count" }]
    case "people":
    case "people_share":
    case "accounts":
    case "sessions":
      return []
    case "orders":
      return [{ name, value: "(money_kind = 'order')::integer", fold: "sum" }]
    case "revenue":
      return [{ name, value: "amount", fold: "sum" }]
    case "average_order_value":
      return [
        { name, value: "case when money_kind = 'order' then amount end", fold: "sum" },
        { name: `c${index}`, value: "(money_kind = 'order' and amount is not null)::integer", fold: "sum" }
      ]
    case "sum":
      return [{ name, value: valueText(metric.property), fold: "sum" }]
    case "average":
      return [
        { name, value: valueText(metric.property), fold: "sum" },
        { name: `c${index}`, value: `(${valueText(metric.property)} is not null)::integer`, fold: "sum" }
      ]
    case "minimum":
      return [{ name, value: valueText(metric.property), fold: "min" }]
    case "maximum":
      return [{ name, value: valueText(metric.property), fold: "max" }]
  }
}

const shareText = (metric: PlanMetric, index: number, all: string): string =>
  `(${all}${takenText(metric, index)} / nullif(${all}, 0))::double`

const metricText = (metric: PlanMetric, index: number): string => {
  switch (metric.kind) {
    case "people_share":
      return shareText(metric, index, "count(distinct person)")
    case "people":
    case "accounts":
      return `count(distinct person)${takenText(metric, index)}`
    case "sessions":
      return `count(distinct session)${takenText(metric, index)}`
    case "events":
    case "orders":
      return `coalesce(sum(n${index}), 0)::bigint`
    case "revenue":
      return `coalesce(sum(n${index}), 0)::hugeint`
    case "average_order_value":
      return `((2 * sum(n${index}) + sum(c${index})) // nullif(2 * sum(c${index}), 0))::hugeint`
    case "sum":
      return `coalesce(sum(n${index}), 0)::double`
    case "average":
      return `(sum(n${index})::double / nullif(sum(c${index}), 0))`
    case "minimum":
      return `min(n${index})::double`
    case "maximum":
      return `max(n${index})::double`
  }
}

/**
 * Sums run on decimals: a parallel sum of doubles is not repeatable. Ten digits are left free, so that no sum overflows;
 * a value of 10^19 and more is no value. Text is read as a short decimal first, which takes a hundredth of the time.
 */
export const valueText = (property: string): string => {
  const text = `e.properties->>${pointerTo(property)}`
  return `coalesce(try_cast(${text} as decimal(18, 9)), case when try_cast(${text} as double) is not null then try_cast(${text} as decimal(28, 9)) end)`
}

/** Each order counts once, by its first event; each refund too. Money is converted order by order, half up; what needs no conversion is not divided. */
export const ordersText = (workspace: string, conversions: ReadonlyArray<ConversionRun>): string => `(
  with firsts as (
    select * from store.payments
    where workspace = ${quote(workspace)} and payment not in (select payment from store.repeated_payments)
    union all
    select * from store.payments where rowid in (
      select arg_min(rowid, struct_pack(t := time_ms, r := received_us, i := idx, e := event_id)) from store.payments
      where workspace = ${quote(workspace)} and payment in (select payment from store.repeated_payments)
      group by ${paymentIdsText}
    )
  ), rates(rate_currency, from_ms, numerator, denominator) as (${ratesText(conversions)})
  select f.*, case money_kind when 'refund' then -1 else 1 end * case when r.numerator = r.denominator then f.minor::hugeint
    else (2::hugeint * f.minor * r.numerator + r.denominator) // (2::hugeint * r.denominator) end as amount
  from firsts f ${changes(conversions) ? "asof " : ""}left join rates r on r.rate_currency = f.currency and f.time_ms >= r.from_ms
)`

/** Whether the rate of any currency changes: then the last one before the order counts. */
const changes = (conversions: ReadonlyArray<ConversionRun>): boolean =>
  new Set(conversions.map(({ currency }) => currency)).size < conversions.length

const ratesText = (conversions: ReadonlyArray<ConversionRun>): string =>
  conversions.length === 0
    ? "select null::varchar, null::bigint, null::hugeint, null::hugeint where false"
    : `select * from (values ${conversions
        .map(
          (run) =>
            `(${quote(run.currency)}, ${run.fromMillis}::bigint, ${run.numerator}::hugeint, ${run.denominator}::hugeint)`
        )
        .join(", ")})`

const where = (plan: TrendPlan): string =>
  [
    `e.workspace = ${quote(plan.workspace)}`,
    `e.time_ms >= ${plan.fromMillis}`,
    `e.time_ms < ${plan.toMillis}`,
    ...(plan.eventTypes.length === 0 ? [] : [`e.event_type in (${plan.eventTypes.map(quote).join(", ")})`]),
    ...(plan.filter === undefined ? [] : [filterText(plan.filter)])
  ].join(" and ")

/** The plan's metrics of one source, with their places in the plan. */
export const metricsOf = (plan: TrendPlan, source: MetricSource) =>
  plan.metrics.flatMap((metric, index) => (sourceOf(metric) === source ? [{ metric, index }] : []))

const groupNames = (plan: TrendPlan): ReadonlyArray<string> => plan.breakdown.map((_, index) => `g${index}`)

/**
 * The one pass over the events, into the temporary table `gathered_<source>`: a row for each bucket and value of the
 * breakdown, and where people or sessions are counted for each of them. `derived`: there are events without a session id.
 */
export const gatherText = (plan: TrendPlan, source: MetricSource, derived: boolean): string =>
  `create or replace temp table gathered_${source} as\n${gatheredText(plan, source, derived)}`

/** The rows; of each person, too, where the metrics are those that intervals are of. */
const gatheredText = (
  plan: TrendPlan,
  source: MetricSource,
  derived: boolean,
  uncertain?: ReturnType<typeof metricsOf>
): string => {
  const metrics = uncertain ?? metricsOf(plan, source)
  const accountType = countedType(source)
  const people = uncertain !== undefined || metrics.some(({ metric }) => countsUnits(metric))
  const sessions = metrics.some(({ metric }) => metric.kind === "sessions")
  const traits = traitsOf(plan.filter, plan.breakdown)
  const parts = metrics.flatMap(({ index, metric }) => partsOf(metric, index))
  const groups = [
    ...(plan.buckets.length > 0 ? [`${bucketText(plan.buckets)}::integer as bucket`] : []),
    ...plan.breakdown.map((field, index) => `coalesce(${fieldText(field)}, '${unset}') as g${index}`)
  ]
  const columns = [
    ...(people ? [`${unitText(accountType)} as person`] : []),
    ...(sessions ? [`${sessionText(derived)} as session`] : []),
    // No person has so many events that their number needs 64 bits; sums of shorter ones are cheaper.
    ...parts.map(
      ({ fold, name, value }) => `${fold}(${value})${fold === "count" && people ? "::integer" : ""} as ${name}`
    )
  ]
  return `select ${[...groups, ...columns].join(", ")}
from ${source === "orders" ? ordersText(plan.workspace, plan.conversions) : "store.events"} e${
    people || traits.length > 0 ? " left join store.people p on p.subject = e.subject" : ""
  }${traitJoins(plan.workspace, traits, accountType)}${sessionTimesJoin(sessions && derived)}
where ${[where(plan), ...unitConditions(accountType)].join(" and ")}${people || sessions || groups.length > 0 ? "\ngroup by all" : ""}`
}

/** Whether people, or accounts, are counted by folding rows by each of them: not where sessions are counted beside them. */
const foldsUnits = (plan: TrendPlan, source: MetricSource): boolean => {
  const metrics = metricsOf(plan, source)
  return metrics.some(({ metric }) => countsUnits(metric)) && !metrics.some(({ metric }) => metric.kind === "sessions")
}

const foldsText = (plan: TrendPlan, source: MetricSource): string =>
  metricsOf(plan, source)
    .flatMap(({ index, metric }) => partsOf(metric, index))
    .map(({ fold, name }) => `, ${fold === "count" ? "sum" : fold}(${name}) as ${name}`)
    .join("")

/** A metric of rows that are one person each. */
const foldedMetricText = (metric: PlanMetric, index: number): string =>
  metric.kind === "people_share"
    ? shareText(metric, index, "count(*)")
    : countsUnits(metric)
      ? `count(*)${takenText(metric, index)}`
      : metricText(metric, index)

/** The breakdown's values in the asked order: those of all events where any metric counts events, else of every source. */
export const topText = (plan: TrendPlan): string => {
  const metric = plan.metrics[plan.order.metric]!
  const names = groupNames(plan).join(", ")
  const own = `gathered_${sourceOf(metric)}`
  const sources = sourcesOf(plan)
  const bases = sources.includes("events") ? (["events"] as const) : sources
  const values = bases.map((base) => `select distinct ${names} from gathered_${base}`).join(" union ")
  const from =
    bases.length === 1 && bases[0] === sourceOf(metric) ? own : `(${values}) left join ${own} using (${names})`
  return `select ${names} from ${from} group by ${names}
order by ${metricText(metric, plan.order.metric)} ${plan.order.direction === "descending" ? "desc" : "asc"} nulls last, ${names}
limit ${plan.top + 1} offset ${plan.skip}`
}

/** What each person brings to the metrics that intervals are of, as {@link TrendRows} tells, for `readPersonRows`. */
export const trendPeopleText = (plan: TrendPlan, groups: ReadonlyArray<ReadonlyArray<string>>) => {
  const measures = plan.metrics.flatMap((metric, index) =>
    isUncertain(metric) ? partsOf(metric, index).map(({ name }) => name) : []
  )
  const group =
    plan.breakdown.length === 0
      ? "0"
      : `case when ${groupText(plan, groups)} = -1 then ${groups.length} else ${groupText(plan, groups)} end`
  const bucket = plan.buckets.length === 0 ? "0" : "bucket"
  const rowsOf = (source: "orders" | "events"): ReadonlyArray<string> => {
    const metrics = metricsOf(plan, source).filter(({ metric }) => isUncertain(metric))
    if (metrics.length === 0) return []
    const own = new Set(metrics.flatMap(({ index, metric }) => partsOf(metric, index).map(({ name }) => name)))
    const sums = measures.map((name) => (own.has(name) ? `coalesce(sum(${name}), 0) as ${name}` : `0 as ${name}`))
    const valued = metrics.map(({ index }) => `sum(n${index}) is not null`).join(" or ")
    return [
      `select person, ${bucket} * ${groups.length + 1} + ${group} as key, ${sums.join(", ")}
from (${gatheredText(plan, source, false, metrics)}) group by all${source === "events" ? ` having ${valued}` : ""}`
    ]
  }
  const rows = [...rowsOf("orders"), ...rowsOf("events")]
  const sums = measures.map((name) => `sum(${name}) as ${name}`)
  return {
    rows:
      rows.length === 1
        ? rows[0]!
        : `select person, key, ${sums.join(", ")} from (\n${rows.join("\nunion all\n")}\n) group by person, key`,
    measures
  }
}

/** Money that no conversion covers. */
export const leftOutText = (plan: TrendPlan): string => {
  const traits = traitsOf(plan.filter, plan.breakdown)
  return `select e.currency, count(*)::bigint as orders, sum(e.minor)::hugeint as minor
from ${ordersText(plan.workspace, plan.conversions)} e${traits.length > 0 ? " left join store.people p on p.subject = e.subject" : ""}${traitJoins(plan.workspace, traits)}
where ${where(plan)} and e.amount is null and e.minor is not null and e.currency in (${plan.unconverted.map(quote).join(", ")})
group by e.currency order by e.currency`
}

/** What rows are counted by: the whole range, each value of the breakdown, and both by bucket. */
const setsOf = (plan: TrendPlan): ReadonlyArray<ReadonlyArray<"bucket" | "grp">> => {
  const grouped = plan.breakdown.length > 0
  const whole = [[], ...(grouped ? [["grp"] as const] : [])]
  return plan.buckets.length === 0 ? whole : [...whole, ...whole.map((set) => ["bucket", ...set] as const)]
}

/** The rows of all sets; −1 is what is behind the top, where `groups` are not all values that there are. */
export const answerText = (
  plan: TrendPlan,
  source: MetricSource,
  groups: ReadonlyArray<ReadonlyArray<string>>,
  all = false
): string => {
  const grouped = plan.breakdown.length > 0
  const metrics = metricsOf(plan, source)
  const from = (table: string) => `(select *${grouped ? `, ${groupText(plan, groups)} as grp` : ""} from ${table})`
  if (foldsUnits(plan, source)) return peopleRowsText(plan, source, from, all || !grouped)
  return `with e as ${from(`gathered_${source}`)}
select ${plan.buckets.length > 0 ? "bucket" : "null"} as bucket, ${grouped ? "grp" : "null"} as grp, ${metrics
    .map(({ index, metric }) => `${metricText(metric, index)} as m${index}`)
    .join(", ")}
from e group by grouping sets (${setsOf(plan)
    .map((set) => `(${set.join(", ")})`)
    .join(", ")})
order by bucket nulls first, grp nulls first`
}

/**
 * Each set folded by person first: a row is then one person, which is much cheaper than to count distinct ones. With all
 * values among the groups, what was gathered is folded already.
 */
const peopleRowsText = (
  plan: TrendPlan,
  source: MetricSource,
  from: (table: string) => string,
  folded: boolean
): string => {
  const sets = setsOf(plan)
  const finest = sets.at(-1)!
  const byPerson = (table: string, set: ReadonlyArray<string>) =>
    `(select ${[...set, "person"].join(", ")}${foldsText(plan, source)} from ${table} group by ${[...set, "person"].join(", ")})`
  const values = metricsOf(plan, source).map(({ index, metric }) => `${foldedMetricText(metric, index)} as m${index}`)
  const rows = sets.map((set) => {
    const of = (name: "bucket" | "grp") => `${set.includes(name) ? name : "null"} as ${name}`
    return `select ${of("bucket")}, ${of("grp")}, ${values.join(", ")} from ${set === finest ? "finest" : byPerson("finest", set)}${set.length === 0 ? "" : ` group by ${set.join(", ")}`}`
  })
  const gathered = from(`gathered_${source}`)
  return `with finest as materialized ${folded ? gathered : byPerson(gathered, finest)}
select * from (
  ${rows.join("\n  union all\n  ")}
) order by bucket nulls first, grp nulls first`
}

/** Index of the value in the top list, −1 for what is behind it. */
const groupText = (plan: TrendPlan, groups: ReadonlyArray<ReadonlyArray<string>>): string => {
  if (groups.length === 0) return "-1"
  const names = groupNames(plan)
  const cases = groups.map(
    (values, index) => `when ${values.map((value, at) => `${names[at]} = ${quote(value)}`).join(" and ")} then ${index}`
  )
  return `(case ${cases.join(" ")} else -1 end)`
}
