import { isMoney } from "../../ports/analytics/TrendPlan.ts"
import type { MetricValue, PlanMetric, PlanRow, TrendRows } from "../../ports/analytics/TrendPlan.ts"
import type { ResultPeriod, ResultRow } from "../../ports/analytics/Question.ts"
import { formatMinorUnits } from "../money/minorUnits.ts"
import { roundSignificant } from "../statistics/significantDigits.ts"
import { formatExactly, formatInstant } from "../zones/zones.ts"
import type { PlannedQuestion } from "./planQuestion.ts"

export { significantDigits } from "../statistics/significantDigits.ts"

type Metrics = ResultRow["metrics"]

const shapeValue = (metric: PlanMetric, value: MetricValue, exponent: number): Metrics[string] => {
  if (value === null) return null
  if (isMoney(metric)) return formatMinorUnits(BigInt(value), exponent)
  // Sums run on decimals, so they are the same every time as they are.
  return typeof value === "bigint" || metric.kind === "sum" ? Number(value) : roundSignificant(value)
}

const zeroOf = ({ kind }: PlanMetric): MetricValue =>
  kind === "average" ||
  kind === "average_order_value" ||
  kind === "minimum" ||
  kind === "maximum" ||
  kind === "people_share"
    ? null
    : kind === "sum"
      ? 0
      : 0n

/** Rows of the store as the answer of a question: empty buckets filled, values in the plan's order. */
export const shapeAnswer = (planned: PlannedQuestion, answer: TrendRows): ResultPeriod => {
  const { bucketStarts, exponent, metricNames, plan, zone } = planned
  const rows = new Map(answer.rows.map((row) => [`${row.bucket}|${row.group}`, row.values]))
  const metricsOf = (bucket: PlanRow["bucket"], group: PlanRow["group"]): Metrics => {
    const values = rows.get(`${bucket}|${group}`) ?? plan.metrics.map(zeroOf)
    return Object.fromEntries(
      plan.metrics.map((metric, index) => [
        metricNames[index]!,
        shapeValue(metric, values[index] ?? zeroOf(metric), exponent)
      ])
    )
  }
  const seriesOf = (group: PlanRow["group"]) =>
    plan.buckets.length === 0 ? {} : { series: bucketStarts.map((_, bucket) => metricsOf(bucket, group)) }
  const groups = answer.groups.map((values, group): ResultRow => ({
    values,
    metrics: metricsOf(undefined, group),
    ...seriesOf(group)
  }))
  const hasOther = plan.skip === 0 && answer.rows.some((row) => row.group === "other")
  const other: ReadonlyArray<ResultRow> = hasOther
    ? [{ values: [], other: true, metrics: metricsOf(undefined, "other"), ...seriesOf("other") }]
    : []
  return {
    from: formatExactly(zone, plan.fromMillis),
    to: formatExactly(zone, plan.toMillis),
    buckets: bucketStarts.map((start) => formatInstant(zone, start)),
    totals: metricsOf(undefined, undefined),
    ...seriesOf(undefined),
    rows: [...groups, ...other]
  }
}
