import { groupFigures } from "../../../ports/analytics/ExperimentEvidence.ts"
import type { Evidence, EvidenceDay } from "../../../ports/analytics/ExperimentEvidence.ts"
import type {
  ExperimentMetricPlan,
  ExperimentMetricRow,
  ExperimentMetricRows,
  ExperimentQuantileRow,
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

/** Days with all that came up to their end, from rows that say what each brought, or how it stood. */
export const shapeEvidence = (
  { dates, metrics, scale, variants }: Shape,
  units: ExperimentRows["units"],
  rows: ReadonlyArray<ExperimentMetricRows>
): ReadonlyArray<EvidenceDay> => {
  const arms = Array.from({ length: variants }, (_, arm) => arm)
  const assigned = arms.map(() => 0)
  const participants = arms.map(() => 0)
  const sums = metrics.map(() => arms.map(() => nothing))
  const byDay = rows.map(byDayOf)
  return dates.map((date, day) => {
    for (const unit of units) {
      if (unit.day !== day) continue
      assigned[unit.variant]! += unit.assigned
      participants[unit.variant]! += unit.participants
    }
    const told = metrics.map((metric, index) => {
      const own = byDay[index]
      if (own === undefined) return arms.map(() => noMetricSums)
      if (own.kind === "states") {
        const isLast = day === dates.length - 1
        return arms.map((arm) => stateOf(metric, own, { arm, day, isLast }, scale))
      }
      for (const row of own.rows.get(day) ?? []) sums[index]![row.variant] = grown(sums[index]![row.variant]!, row)
      return arms.map((arm) => sumsOf(metric, sums[index]![arm]!, scale))
    })
    return { date, assigned: [...assigned], participants: [...participants], sums: told }
  })
}

/** Values of a dimension, each with all that came up to the last day. */
export const shapeSlices = (
  shape: Shape,
  slices: ExperimentRows["slices"]
): ReadonlyArray<{ readonly value: string | null; readonly day: EvidenceDay }> =>
  slices.flatMap((slice) => shapeWhole(shape, slice).map((day) => ({ value: slice.value, day })))

/** Steps of a bandit, each with all that came up to the last day. */
export const shapeSteps = (shape: Shape, steps: ExperimentRows["steps"]): ReadonlyArray<EvidenceDay> =>
  steps.flatMap((step) => shapeWhole(shape, step))

/** All that came up to the last day, as one; nothing where there is no day. */
const shapeWhole = (
  shape: Shape,
  { metrics, units }: Pick<ExperimentRows, "units" | "metrics">
): ReadonlyArray<EvidenceDay> => {
  const last = shape.dates.length - 1
  return shapeEvidence(
    { ...shape, dates: shape.dates.slice(-1) },
    units.map((unit) => ({ ...unit, day: 0 })),
    metrics.map((each) =>
      each.kind === "changes"
        ? { kind: "changes", rows: each.rows.map((row) => ({ ...row, day: 0 })) }
        : { ...each, rows: each.rows.filter(({ day }) => day === last).map((row) => ({ ...row, day: 0 })) }
    )
  )
}

/** Where totals were cut, in the metric's unit. */
export const shapeCuts = (
  metrics: ReadonlyArray<ExperimentMetricPlan>,
  cuts: ExperimentRows["cuts"],
  money: MoneyScale
): Evidence["cuts"] =>
  metrics.map(({ part }, index) => {
    const cut = cuts[index]
    return cut === undefined ? undefined : { ...cut, cap: roundSignificant(cut.cap / scaleOf(part, money)) }
  })

type Rows<Kind> = Extract<ExperimentMetricRows, { readonly kind: Kind }>
type Totals = Omit<ExperimentMetricRow, "variant" | "day">

const byDayOf = (rows: ExperimentMetricRows) =>
  rows.kind === "states" ? rows : { kind: rows.kind, rows: Map.groupBy(rows.rows, ({ day }) => day) }

const noMetricSums: MetricSums = { count: 0, converted: 0, sum: 0, squares: 0 }

const nothing: Totals = {
  count: 0,
  converted: 0,
  sum: 0,
  squares: 0,
  denominator: { sum: 0, squares: 0, products: 0 },
  before: { sum: 0, squares: 0, denominator: { sum: 0, squares: 0, products: 0 } },
  history: { count: 0, xy: 0, xd: 0, my: 0, md: 0, y: 0, d: 0 }
}

/** Number by number. */
const added = <Numbers extends object>(left: Numbers, right: Numbers): Numbers =>
  Object.fromEntries(
    Object.entries(left).map(([name, value]: [string, unknown]) => {
      const other: unknown = right[name as keyof Numbers]
      return [name, typeof value === "number" ? value + Number(other) : added(value as object, other as object)]
    })
  ) as Numbers

const grown = (before: Totals, row: ExperimentMetricRow): Totals => added(before, row)

const scaleOf = (part: ExperimentMetricPlan["denominator"], { minorUnits }: MoneyScale): number =>
  part?.value.kind === "revenue" ? minorUnits : 1

/** Digits that the engine's order of sums decides are cut. */
const cut = (value: number, by: number): number => roundSignificant(value / by)

/** In units of the currency. */
const sumsOf = (metric: ExperimentMetricPlan, totals: Totals, money: MoneyScale): MetricSums => {
  const scale = scaleOf(metric.part, money)
  const below = scaleOf(metric.denominator, money)
  const { before, converted, count, denominator, history, squares, sum } = totals
  const isRatio = metric.denominator !== undefined
  const pair = (of: Totals["denominator"]) => ({
    sum: cut(of.sum, below),
    squares: cut(of.squares, below * below),
    products: cut(of.products, scale * below)
  })
  return {
    count,
    converted,
    sum: cut(sum, scale),
    squares: cut(squares, scale * scale),
    ...(isRatio ? { denominator: pair(denominator) } : {}),
    before: {
      count,
      sum: cut(before.sum, scale),
      squares: cut(before.squares, scale * scale),
      ...(isRatio ? { denominator: pair(before.denominator) } : {})
    },
    ...(metric.adjusts
      ? {
          covariate: {
            count: history.count,
            sum: cut(before.sum, scale),
            squares: cut(before.squares, scale * scale),
            products: cut(history.xy, scale * scale),
            outcomes: cut(history.y, scale),
            ...(isRatio
              ? {
                  denominator: {
                    sum: cut(before.denominator.sum, below),
                    squares: cut(before.denominator.squares, below * below),
                    covariates: cut(before.denominator.products, scale * below),
                    products: cut(history.md, below * below),
                    numerators: cut(history.my, scale * below),
                    across: cut(history.xd, scale * below),
                    outcomes: cut(history.d, below)
                  }
                }
              : {})
          }
        }
      : {})
  }
}

/** A quantile as it stood at the end of a day. */
const stateOf = (
  metric: ExperimentMetricPlan,
  { before, rows }: Rows<"states">,
  { arm, day, isLast }: { readonly arm: number; readonly day: number; readonly isLast: boolean },
  money: MoneyScale
): MetricSums => {
  const scale = scaleOf(metric.part, money)
  const row = rows.find((each) => each.variant === arm && each.day === day)
  const prior = isLast ? before.find(({ variant }) => variant === arm) : undefined
  return {
    ...(row === undefined ? noMetricSums : valuesOf(row, scale)),
    ...(prior === undefined ? {} : { before: valuesOf(prior, scale) })
  }
}

const valuesOf = ({ converted, count, ends, squares, sum, value }: ExperimentQuantileRow, scale: number) => ({
  count,
  converted,
  sum: cut(sum, scale),
  squares: cut(squares, scale * scale),
  ...(ends === undefined
    ? {}
    : { quantile: { value: cut(value, scale), low: cut(ends[0], scale), high: cut(ends[1], scale) } })
})

/**
 * What each day brought to each variant, as rows of `groupFigures`: for many variants, whose days nobody reads one by one.
 * Amounts are as the store has them: money in minor units. Quantiles do not add up, and have none.
 */
export const shapeGroups = (
  { dates, variants }: Pick<Shape, "dates" | "variants">,
  told: ExperimentMetricRows
): Float64Array => {
  const figures = groupFigures.length
  const grownBy = new Float64Array(dates.length * variants * figures)
  if (told.kind === "states") return grownBy
  for (const { before, count, day, denominator, history, squares, sum, variant } of told.rows) {
    if (day < 0 || day >= dates.length) continue
    const { xy, xd, my, md, y, d } = history
    const pairs = [denominator.sum, denominator.squares, denominator.products]
    const pairsBefore = [before.denominator.sum, before.denominator.squares, before.denominator.products]
    const own = [count, sum, squares, ...pairs, before.sum, before.squares, ...pairsBefore]
    grownBy.set([...own, history.count, xy, xd, my, md, y, d], (day * variants + variant) * figures)
  }
  return grownBy
}
