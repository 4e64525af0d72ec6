import { pointerTo, quote } from "./literals.ts"
import { traitJoins, traitsOf, traitText } from "./traitText.ts"
import type {
  BucketRun,
  ConversionRun,
  PlanField,
  PlanFilter,
  PlanMetric,
  QueryPlan
} from "../../ports/analytics/QueryPlan.ts"

/** What no value is grouped as; no text of a client holds this character. */
export const unset = "\u0001"

export const fieldText = (field: PlanField): string => {
  switch (field.kind) {
    case "column":
      return `e.${field.column}`
    case "property":
      return `(e.properties->>${pointerTo(field.name)})`
    case "trait":
      return `${traitText(field)}->>'$'`
    case "channel": {
      const rules = field.rules.map(({ channel, when }) => `when ${filterText(when)} then ${quote(channel)}`)
      return `(case ${rules.join(" ")} else ${quote(field.otherwise)} end)`
    }
  }
}

/** RE2 of a host, or of all hosts below it. Second levels under which names are given: com.au, co.uk. */
const hostPattern = (host: string): string => {
  const exact = host.startsWith("=")
  const name = exact ? host.slice(1) : host
  const anyEnd = name.endsWith(".*")
  const stem = (anyEnd ? name.slice(0, -2) : name).replaceAll(/[^a-z0-9-]/g, (each) => `\\${each}`)
  return `${exact ? "" : "(.*\\.)?"}${stem}${anyEnd ? "\\.([a-z]{2,6}|(co|com|org|net)\\.[a-z]{2})" : ""}`
}

const comparisons = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const

/** A condition that is never null, so that `not` means not. */
export const filterText = (filter: PlanFilter): string => {
  switch (filter.kind) {
    case "and":
    case "or":
      if (filter.filters.length === 0) return filter.kind === "and" ? "true" : "false"
      return `(${filter.filters.map(filterText).join(` ${filter.kind} `)})`
    case "not":
      return `(not ${filterText(filter.filter)})`
    case "is":
      return `(${fieldText(filter.field)} is not distinct from ${quote(filter.value)})`
    case "contains":
      return `coalesce(contains(lower(${fieldText(filter.field)}), lower(${quote(filter.value)})), false)`
    case "one_of": {
      const text = filter.caseless === true ? `lower(${fieldText(filter.field)})` : fieldText(filter.field)
      return filter.values.length === 0
        ? "false"
        : `coalesce(${text} in (${filter.values.map(quote).join(", ")}), false)`
    }
    case "host_is":
      return filter.hosts.length === 0
        ? "false"
        : `coalesce(regexp_full_match(${fieldText(filter.field)}, ${quote(filter.hosts.map(hostPattern).join("|"))}), false)`
    case "is_set":
      return `(${fieldText(filter.field)} is not null)`
    case "index_is":
      return `coalesce(${indexText(filter.field)} = ${quote(filter.index)}, false)`
    case "bears_index": {
      const at = pointerTo(filter.name).slice(0, -1) + "/$index'"
      const inPart = (part: string) => `coalesce(e.${part}->>${at} = ${quote(filter.index)}, false)`
      return `(${["properties", "traits", "traits_once"].map(inPart).join(" or ")})`
    }
    case "compare": {
      const text = fieldText(filter.field)
      const value =
        filter.as === "number" ? `try_cast(${text} as double)` : `epoch_ms(try_cast(${text} as timestamptz))`
      return `coalesce(${value} ${comparisons[filter.operator]} ${filter.value}, false)`
    }
  }
}

/** The blind index beside an encrypted value. */
const indexText = (field: PlanField): string =>
  field.kind === "property"
    ? `(e.properties->>${pointerTo(field.name).slice(0, -1)}/$index')`
    : field.kind === "trait"
      ? `(${traitText(field)}->>'/$index')`
      : "null"

export const bucketText = (buckets: ReadonlyArray<BucketRun>): string => {
  const of = ({ first, fromMillis, widthMillis }: BucketRun) =>
    `${first} + (e.time_ms - ${fromMillis}) // ${widthMillis}`
  if (buckets.length === 1) return `(${of(buckets[0]!)})`
  const cases = buckets
    .slice(0, -1)
    .map((run, index) => `when e.time_ms < ${buckets[index + 1]!.fromMillis} then ${of(run)}`)
  return `(case ${cases.join(" ")} else ${of(buckets.at(-1)!)} end)`
}

export type MetricSource = "events" | "orders"

export const sourceOf = (metric: PlanMetric): MetricSource =>
  metric.kind === "orders" || metric.kind === "revenue" ? "orders" : "events"

interface Part {
  readonly name: string
  /** Of one event. */
  readonly value: string
  readonly fold: "sum" | "min" | "max"
}

/** What a metric needs of the events. */
const partsOf = (metric: PlanMetric, index: number): ReadonlyArray<Part> => {
  const name = `n${index}`
  switch (metric.kind) {
    case "events":
      return [{ name, value: "1", fold: "sum" }]
    case "people":
    case "sessions":
      return []
    case "orders":
      return [{ name, value: "(money_kind = 'order')::integer", fold: "sum" }]
    case "revenue":
      return [{ name, value: "amount", fold: "sum" }]
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

const metricText = (metric: PlanMetric, index: number): string => {
  switch (metric.kind) {
    case "people":
      return "count(distinct person)"
    case "sessions":
      return "count(distinct session)"
    case "events":
    case "orders":
      return `coalesce(sum(n${index}), 0)::bigint`
    case "revenue":
      return `coalesce(sum(n${index}), 0)::hugeint`
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
 * a value of 10^19 and more is no value.
 */
const valueText = (property: string): string => `try_cast(e.properties->>${pointerTo(property)} as decimal(28, 9))`

/** Each order counts once, by its first event; each refund too. Money is converted order by order, half up. */
const orders = (plan: QueryPlan): string => `(
  with firsts as (
    select * from store.events
    where workspace = ${quote(plan.workspace)} and money_kind is not null
    qualify row_number() over (
      partition by money_kind, coalesce(order_id, event_id::varchar), case when money_kind = 'refund' then coalesce(refund_id, event_id::varchar) end
      order by time_ms, received_us, idx, event_id
    ) = 1
  ), rates(rate_currency, from_ms, numerator, denominator) as (${ratesText(plan.conversions)})
  select f.*, case money_kind when 'refund' then -1 else 1 end
    * ((2::hugeint * f.minor * r.numerator + r.denominator) // (2::hugeint * r.denominator)) as amount
  from firsts f asof left join rates r on r.rate_currency = f.currency and f.time_ms >= r.from_ms
)`

const ratesText = (conversions: ReadonlyArray<ConversionRun>): string =>
  conversions.length === 0
    ? "select null::varchar, null::bigint, null::hugeint, null::hugeint where false"
    : `select * from (values ${conversions
        .map(
          (run) =>
            `(${quote(run.currency)}, ${run.fromMillis}::bigint, ${run.numerator}::hugeint, ${run.denominator}::hugeint)`
        )
        .join(", ")})`

const where = (plan: QueryPlan): string =>
  [
    `e.workspace = ${quote(plan.workspace)}`,
    `e.time_ms >= ${plan.fromMillis}`,
    `e.time_ms < ${plan.toMillis}`,
    ...(plan.eventTypes.length === 0 ? [] : [`e.event_type in (${plan.eventTypes.map(quote).join(", ")})`]),
    ...(plan.filter === undefined ? [] : [filterText(plan.filter)])
  ].join(" and ")

/** The plan's metrics of one source, with their places in the plan. */
export const metricsOf = (plan: QueryPlan, source: MetricSource) =>
  plan.metrics.flatMap((metric, index) => (sourceOf(metric) === source ? [{ metric, index }] : []))

const groupNames = (plan: QueryPlan): ReadonlyArray<string> => plan.breakdown.map((_, index) => `g${index}`)

/**
 * The one pass over the events, into the temporary table `gathered_<source>`: a row for each bucket and value of the
 * breakdown, or, where people or sessions are counted, for each event.
 */
export const gatherText = (plan: QueryPlan, source: MetricSource): string => {
  const metrics = metricsOf(plan, source)
  const people = metrics.some(({ metric }) => metric.kind === "people")
  const sessions = metrics.some(({ metric }) => metric.kind === "sessions")
  const traits = traitsOf(plan.filter, plan.breakdown)
  const parts = metrics.flatMap(({ index, metric }) => partsOf(metric, index))
  const groups = [
    ...(plan.buckets.length > 0 ? [`${bucketText(plan.buckets)} as bucket`] : []),
    ...plan.breakdown.map((field, index) => `coalesce(${fieldText(field)}, '${unset}') as g${index}`)
  ]
  const columns =
    people || sessions
      ? [
          ...(people ? ["coalesce(p.person, e.subject) as person"] : []),
          ...(sessions ? ["e.session as session"] : []),
          ...parts.map(({ name, value }) => `${value} as ${name}`)
        ]
      : parts.map(({ fold, name, value }) => `${fold}(${value}) as ${name}`)
  return `create or replace temp table gathered_${source} as
select ${[...groups, ...columns].join(", ")}
from ${source === "orders" ? orders(plan) : "store.events"} e${
    people || traits.length > 0 ? " left join store.people p on p.subject = e.subject" : ""
  }${traitJoins(plan.workspace, traits)}
where ${where(plan)}${people || sessions || groups.length === 0 ? "" : "\ngroup by all"}`
}

/** The breakdown's values in the asked order. */
export const topText = (plan: QueryPlan): string => {
  const metric = plan.metrics[plan.order.metric]!
  const names = groupNames(plan).join(", ")
  return `select ${names} from gathered_${sourceOf(metric)} group by ${names}
order by ${metricText(metric, plan.order.metric)} ${plan.order.direction === "descending" ? "desc" : "asc"} nulls last, ${names}
limit ${plan.top + 1} offset ${plan.skip}`
}

/** Money that no conversion covers. */
export const leftOutText = (plan: QueryPlan): string => {
  const traits = traitsOf(plan.filter, plan.breakdown)
  return `select e.currency, count(*)::bigint as orders, sum(e.minor)::hugeint as minor
from ${orders(plan)} e${traits.length > 0 ? " left join store.people p on p.subject = e.subject" : ""}${traitJoins(plan.workspace, traits)}
where ${where(plan)} and e.amount is null and e.minor is not null and e.currency in (${plan.unconverted.map(quote).join(", ")})
group by e.currency order by e.currency`
}

/** The whole range, each value of the breakdown, and both by bucket. */
export const answerText = (
  plan: QueryPlan,
  source: MetricSource,
  groups: ReadonlyArray<ReadonlyArray<string>>
): string => {
  const grouped = plan.breakdown.length > 0
  const sets = [
    "()",
    ...(grouped ? ["(grp)"] : []),
    ...(plan.buckets.length > 0 ? ["(bucket)", ...(grouped ? ["(bucket, grp)"] : [])] : [])
  ]
  const peopleAlone = metricsOf(plan, source).every(({ metric }) => metric.kind === "people")
  return `with e as (select ${peopleAlone ? "distinct " : ""}*${grouped ? `, ${groupText(plan, groups)} as grp` : ""} from gathered_${source})
select ${plan.buckets.length > 0 ? "bucket" : "null"} as bucket, ${grouped ? "grp" : "null"} as grp, ${metricsOf(
    plan,
    source
  )
    .map(({ index, metric }) => `${metricText(metric, index)} as m${index}`)
    .join(", ")}
from e group by grouping sets (${sets.join(", ")})
order by bucket nulls first, grp nulls first`
}

/** Index of the value in the top list, −1 for what is behind it. */
const groupText = (plan: QueryPlan, groups: ReadonlyArray<ReadonlyArray<string>>): string => {
  if (groups.length === 0) return "-1"
  const names = groupNames(plan)
  const cases = groups.map(
    (values, index) => `when ${values.map((value, at) => `${names[at]} = ${quote(value)}`).join(" and ")} then ${index}`
  )
  return `(case ${cases.join(" ")} else -1 end)`
}
