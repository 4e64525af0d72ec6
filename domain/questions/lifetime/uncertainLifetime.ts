import type { BootstrapRequest, BootstrapResult, PersonRows } from "../../../ports/analytics/Bootstrap.ts"
import type { LifetimePeriod, LifetimeResult } from "../../../ports/analytics/LifetimeQuestion.ts"
import { formatMinorUnits } from "../../money/minorUnits.ts"
import { roundSignificant } from "../../statistics/significantDigits.ts"
import type { PlannedLifetime } from "./planLifetime.ts"

const measures = 2
const [value, customers] = [0, 1]

/** How many statistics the intervals are of. */
export const lifetimeStatistics = ({ plan }: PlannedLifetime): number => plan.cohortCount * (plan.periods + 1) * 2

/** What the intervals are drawn from: a cell for each cohort and period, which holds all before it. */
export const lifetimeRequest = ({ plan }: PlannedLifetime, rows: PersonRows, seed: string): BootstrapRequest => {
  const periods = plan.periods + 1
  const cells = plan.cohortCount * periods
  return {
    ...rows,
    seed,
    cellCount: cells,
    cellsOfKey: Array.from({ length: cells }, (_, key) =>
      Array.from({ length: periods - (key % periods) }, (__, later) => key + later)
    ),
    statistics: new Int32Array(
      Array.from({ length: cells }, (_, cell) => [
        cell * measures + value,
        -1,
        cell * measures + value,
        cell * measures + customers
      ]).flat()
    )
  }
}

/** The cohorts with the intervals of each period. */
export const withLifetimeIntervals = (
  { exponent, plan }: PlannedLifetime,
  cohorts: LifetimeResult["cohorts"],
  { high, low }: BootstrapResult
): LifetimeResult["cohorts"] => {
  const shown = <A>(statistic: number, show: (minor: number) => A): readonly [A, A] | null =>
    Number.isNaN(low[statistic]!) ? null : [show(low[statistic]!), show(high[statistic]!)]
  const intervalsOf = (cell: number): NonNullable<LifetimePeriod["intervals"]> => ({
    value: shown(2 * cell, (minor) => formatMinorUnits(BigInt(Math.round(minor)), exponent)),
    value_per_customer: shown(2 * cell + 1, (minor) => roundSignificant(minor / 10 ** exponent))
  })
  return cohorts.map((cohort, index) => ({
    ...cohort,
    periods: cohort.periods.map((period, at) => ({
      ...period,
      intervals: intervalsOf(index * (plan.periods + 1) + at)
    }))
  }))
}
