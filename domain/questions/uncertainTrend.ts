import type { BootstrapRequest, BootstrapResult, PersonRows } from "../../ports/analytics/Bootstrap.ts"
import type { ResultPeriod, ResultRow } from "../../ports/analytics/Question.ts"
import { isMoney, isUncertain } from "../../ports/analytics/TrendPlan.ts"
import { formatMinorUnits } from "../money/minorUnits.ts"
import { roundSignificant } from "../statistics/significantDigits.ts"
import { smallGroupPeople } from "../statistics/smallGroup.ts"
import type { PlannedQuestion } from "./planQuestion.ts"

interface UncertainMetric {
  readonly name: string
  readonly isMoney: boolean
  /** Places among the measures. */
  readonly sum: number
  readonly count: number | undefined
}

const metricsOf = ({ metricNames, plan }: PlannedQuestion): ReadonlyArray<UncertainMetric> => {
  let measure = 0
  return plan.metrics.flatMap((metric, index) => {
    if (!isUncertain(metric)) return []
    const sum = measure
    const isMean = metric.kind === "average_order_value" || metric.kind === "average"
    measure += isMean ? 2 : 1
    const count = isMean ? sum + 1 : undefined
    return [{ name: metricNames[index]!, isMoney: isMoney(metric), sum, count }]
  })
}

/** Cells: of the whole range everybody, then each group and what is behind the top; then the same of each bucket. */
const shapeOf = ({ bucketStarts, plan }: PlannedQuestion, groups: number) => {
  const grouped = plan.breakdown.length > 0
  const parts = grouped ? groups + 2 : 1
  const buckets = plan.buckets.length === 0 ? 0 : bucketStarts.length
  return { grouped, parts, buckets, cells: parts * (buckets + 1) }
}

/** What the intervals are drawn from. */
export const uncertainRequest = (
  planned: PlannedQuestion,
  groups: number,
  rows: PersonRows,
  seed: string
): BootstrapRequest => {
  const { buckets, cells, grouped, parts } = shapeOf(planned, groups)
  const metrics = metricsOf(planned)
  const measures = rows.measures.length
  const keys = Math.max(1, buckets) * (groups + 1)
  return {
    ...rows,
    seed,
    cellCount: cells,
    cellsOfKey: Array.from({ length: keys }, (_, key) => {
      const [bucket, group] = [Math.floor(key / (groups + 1)), key % (groups + 1)]
      const own = grouped ? [0, 1 + group] : [0]
      return buckets === 0 ? own : [...own, ...own.map((part) => (bucket + 1) * parts + part)]
    }),
    statistics: new Int32Array(
      Array.from({ length: cells }, (_, cell) =>
        metrics.flatMap(({ count, sum }) => [cell * measures + sum, count === undefined ? -1 : cell * measures + count])
      ).flat()
    )
  }
}

/** How many statistics the intervals are of. */
export const uncertainStatistics = (planned: PlannedQuestion, groups: number): number =>
  shapeOf(planned, groups).cells * metricsOf(planned).length

/** The period with the intervals of each row. */
export const withIntervals = (
  planned: PlannedQuestion,
  period: ResultPeriod,
  groups: number,
  { high, low, people }: BootstrapResult
): ResultPeriod => {
  const { buckets, parts } = shapeOf(planned, groups)
  const metrics = metricsOf(planned)
  const intervalsOf = (cell: number): NonNullable<ResultRow["intervals"]> =>
    Object.fromEntries(
      metrics.map((metric, index) => {
        const at = cell * metrics.length + index
        const shown = (value: number) =>
          metric.isMoney ? formatMinorUnits(BigInt(Math.round(value)), planned.exponent) : roundSignificant(value)
        return [metric.name, Number.isNaN(low[at]!) ? null : [shown(low[at]!), shown(high[at]!)]]
      })
    )
  const uncertain = (part: number) => ({
    intervals: intervalsOf(part),
    ...(buckets === 0
      ? {}
      : { series_intervals: Array.from({ length: buckets }, (_, bucket) => intervalsOf((bucket + 1) * parts + part)) }),
    small: people[part]! < smallGroupPeople
  })
  return {
    ...period,
    ...uncertain(0),
    rows: period.rows.map((row, index) => ({ ...row, ...uncertain(1 + (row.other === true ? groups : index)) }))
  }
}
