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

export const quote = (text: string): string => `'${text.replaceAll("'", "''").replaceAll("\0", "")}'`

const pointerTo = (name: string): string => quote(`/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`)

export const fieldText = (field: PlanField): string => {
  switch (field.kind) {
    case "column":
      return `e.${field.column}`
    case "property":
      return `(e.properties->>${pointerTo(field.name)})`
    case "channel": {
      const rules = field.rules.map(({ channel, when }) => `when ${filterText(when)} then ${quote(channel)}`)
      return `(case ${rules.join(" ")} else ${quote(field.otherwise)} end)`
    }
  }
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
    case "one_of":
      return filter.values.length === 0
        ? "false"
        : `coalesce(${fieldText(filter.field)} in (${filter.values.map(quote).join(", ")}), false)`
    case "is_set":
      return `(${fieldText(filter.field)} is not null)`
    case "index_is": {
      const at = `${filter.property.replaceAll("~", "~0").replaceAll("/", "~1")}/$index`
      const inPart = (part: string) => `coalesce(e.${part}->>${quote(`/${at}`)} = ${quote(filter.index)}, false)`
      return `(${["properties", "traits", "traits_once"].map(inPart).join(" or ")})`
    }
    case "compare":
      return `coalesce(try_cast(${fieldText(filter.field)} as double) ${comparisons[filter.operator]} ${filter.value}, false)`
  }
}

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

const metricText = (metric: PlanMetric): string => {
  switch (metric.kind) {
    case "events":
      return "count(*)"
    case "people":
      return "count(distinct person)"
    case "sessions":
      return "count(distinct session)"
    case "orders":
      return "count(*) filter (where money_kind = 'order')"
    case "revenue":
      return "coalesce(sum(amount), 0)::hugeint"
    case "sum":
      return `coalesce(sum(${valueText(metric.property)}), 0)::double`
    case "average":
      return `(sum(${valueText(metric.property)})::double / nullif(count(${valueText(metric.property)}), 0))`
    case "minimum":
      return `min(${valueText(metric.property)})::double`
    case "maximum":
      return `max(${valueText(metric.property)})::double`
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

const from = (plan: QueryPlan, source: MetricSource, people: boolean): string => {
  const events = source === "orders" ? orders(plan) : "store.events"
  return `${events} e${people ? " left join store.people p on p.subject = e.subject" : ""}`
}

/** The plan's metrics of one source, with their places in the plan. */
export const metricsOf = (plan: QueryPlan, source: MetricSource) =>
  plan.metrics.flatMap((metric, index) => (sourceOf(metric) === source ? [{ metric, index }] : []))

const personText = "coalesce(p.person, e.subject) as person"

/** The breakdown's values with the largest first metric. */
export const topText = (plan: QueryPlan): string => {
  const metric = plan.metrics[plan.order.metric]!
  const names = plan.breakdown.map((_, index) => `g${index}`)
  const people = metric.kind === "people"
  const columns = [
    ...plan.breakdown.map((field, index) => `coalesce(${fieldText(field)}, '${unset}') as g${index}`),
    ...(people ? [personText] : []),
    "e.*"
  ]
  return `with e as (select ${columns.join(", ")} from ${from(plan, sourceOf(metric), people)} where ${where(plan)})
select ${names.join(", ")} from e group by ${names.join(", ")}
order by ${metricText(metric)} ${plan.order.direction === "descending" ? "desc" : "asc"} nulls last, ${names.join(", ")}
limit ${plan.top} offset ${plan.skip}`
}

/** One pass: the whole range, each value of the breakdown, and both by bucket. */
export const answerText = (
  plan: QueryPlan,
  source: MetricSource,
  groups: ReadonlyArray<ReadonlyArray<string>>
): string => {
  const metrics = metricsOf(plan, source)
  const people = metrics.some(({ metric }) => metric.kind === "people")
  const grouped = plan.breakdown.length > 0
  const columns = [
    ...(plan.buckets.length > 0 ? [`${bucketText(plan.buckets)} as bucket`] : []),
    ...(grouped ? [`${groupText(plan, groups)} as grp`] : []),
    ...(people ? [personText] : []),
    "e.*"
  ]
  const sets = [
    "()",
    ...(grouped ? ["(grp)"] : []),
    ...(plan.buckets.length > 0 ? ["(bucket)", ...(grouped ? ["(bucket, grp)"] : [])] : [])
  ]
  return `with e as (select ${columns.join(", ")} from ${from(plan, source, people)} where ${where(plan)})
select ${plan.buckets.length > 0 ? "bucket" : "null"} as bucket, ${grouped ? "grp" : "null"} as grp, ${metrics
    .map(({ index, metric }) => `${metricText(metric)} as m${index}`)
    .join(", ")}
from e group by grouping sets (${sets.join(", ")})
order by bucket nulls first, grp nulls first`
}

/** Index of the value in the top list, −1 for what is behind it. */
const groupText = (plan: QueryPlan, groups: ReadonlyArray<ReadonlyArray<string>>): string => {
  if (groups.length === 0) return "-1"
  const isGroup = (values: ReadonlyArray<string>) =>
    values
      .map((value, index) => {
        const text = fieldText(plan.breakdown[index]!)
        return value === unset ? `${text} is null` : `${text} is not distinct from ${quote(value)}`
      })
      .join(" and ")
  if (plan.breakdown.length === 1) {
    const known = groups.flatMap(([value], index) => (value === unset ? [] : [`when ${quote(value!)} then ${index}`]))
    const none = groups.findIndex(([value]) => value === unset)
    const text = fieldText(plan.breakdown[0]!)
    const matched = known.length === 0 ? "-1" : `case ${text} ${known.join(" ")} else -1 end`
    return `(case when ${text} is null then ${none} else ${matched} end)`
  }
  return `(case ${groups.map((values, index) => `when ${isGroup(values)} then ${index}`).join(" ")} else -1 end)`
}
