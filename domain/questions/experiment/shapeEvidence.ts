import type { EvidenceDay } from "../../../ports/analytics/ExperimentEvidence.ts"
import type {
  ExperimentMetricPlan,
  ExperimentMetricRow,
  ExperimentRows
} from "../../../ports/analytics/ExperimentPlan.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import { roundSignificant } from "../../statistics/significantDigits.ts"

/** Minor units of the currency in one of its units: what revenue is divided by. */
export interface MoneyScale {
  readonly minorUnits: number
}

interface Shape {
  readonly dates: ReadonlyArray<string>
  readonly variants: number
  readonly metrics: ReadonlyArray<ExperimentMetricPlan>
  readonly scale: MoneyScale
}

/** Days with all that came up to their end, from rows that say what each brought. */
export const shapeEvidence = (
  { dates, metrics, scale, variants }: Shape,
  units: ExperimentRows["units"],
  rows: ReadonlyArray<ReadonlyArray<ExperimentMetricRow>>
): ReadonlyArray<EvidenceDay> => {
  const arms = Array.from({ length: variants }, (_, arm) => arm)
  const assigned = arms.map(() => 0)
  const participants = arms.map(() => 0)
  const sums = metrics.map(() => arms.map(() => nothing))
  return dates.map((date, day) => {
    for (const unit of units) {
      if (unit.day !== day) continue
      assigned[unit.variant]! += unit.assigned
      participants[unit.variant]! += unit.participants
    }
    for (const [index, each] of rows.entries()) {
      for (const row of each) {
        if (row.day === day) sums[index]![row.variant] = grown(sums[index]![row.variant]!, row)
      }
    }
    return {
      date,
      assigned: [...assigned],
      participants: [...participants],
      sums: metrics.map((metric, index) => arms.map((arm) => sumsOf(metric, sums[index]![arm]!, scale)))
    }
  })
}

/** Values of a dimension, each with all that came up to the last day. */
export const shapeSlices = (
  shape: Shape,
  slices: ExperimentRows["slices"]
): ReadonlyArray<{ readonly value: string | null; readonly day: EvidenceDay }> => {
  return slices.flatMap((slice) => shapeWhole(shape, slice).map((day) => ({ value: slice.value, day })))
}

/** Steps of a bandit, each with all that came up to the last day. */
export const shapeSteps = (shape: Shape, steps: ExperimentRows["steps"]): ReadonlyArray<EvidenceDay> =>
  steps.flatMap((step) => shapeWhole(shape, step))

/** All that came up to the last day, as one; nothing where there is no day. */
const shapeWhole = (
  shape: Shape,
  { metrics, units }: Pick<ExperimentRows, "units" | "metrics">
): ReadonlyArray<EvidenceDay> =>
  shapeEvidence(
    { ...shape, dates: shape.dates.slice(-1) },
    units.map((unit) => ({ ...unit, day: 0 })),
    metrics.map((rows) => rows.map((row) => ({ ...row, day: 0 })))
  )

type Totals = Omit<ExperimentMetricRow, "variant" | "day">

const nothing: Totals = {
  count: 0,
  converted: 0,
  sum: 0,
  squares: 0,
  denominator: { sum: 0, squares: 0, products: 0 },
  history: { count: 0, sum: 0, squares: 0, products: 0, outcomes: 0 }
}

const grown = (before: Totals, { converted, count, denominator, history, squares, sum }: Totals): Totals => ({
  count: before.count + count,
  converted: before.converted + converted,
  sum: before.sum + sum,
  squares: before.squares + squares,
  denominator: {
    sum: before.denominator.sum + denominator.sum,
    squares: before.denominator.squares + denominator.squares,
    products: before.denominator.products + denominator.products
  },
  history: {
    count: before.history.count + history.count,
    sum: before.history.sum + history.sum,
    squares: before.history.squares + history.squares,
    products: before.history.products + history.products,
    outcomes: before.history.outcomes + history.outcomes
  }
})

const scaleOf = (part: ExperimentMetricPlan["denominator"], { minorUnits }: MoneyScale): number =>
  part?.value.kind === "revenue" ? minorUnits : 1

/** In units of the currency; digits that the engine's order of sums decides are cut. */
const sumsOf = (metric: ExperimentMetricPlan, totals: Totals, money: MoneyScale): MetricSums => {
  const scale = scaleOf(metric.part, money)
  const below = scaleOf(metric.denominator, money)
  const cut = (value: number, by: number) => roundSignificant(value / by)
  const { converted, count, denominator, history, squares, sum } = totals
  return {
    count,
    converted,
    sum: cut(sum, scale),
    squares: cut(squares, scale * scale),
    ...(metric.denominator === undefined
      ? {}
      : {
          denominator: {
            sum: cut(denominator.sum, below),
            squares: cut(denominator.squares, below * below),
            products: cut(denominator.products, scale * below)
          }
        }),
    ...(metric.historyMillis === undefined
      ? {}
      : {
          covariate: {
            count: history.count,
            sum: cut(history.sum, scale),
            squares: cut(history.squares, scale * scale),
            products: cut(history.products, scale * scale),
            outcomes: cut(history.outcomes, scale)
          }
        })
  }
}
