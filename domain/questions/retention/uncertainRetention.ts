import type { BootstrapRequest, BootstrapResult, PersonRows } from "../../../ports/analytics/Bootstrap.ts"
import type { RetentionResult } from "../../../ports/analytics/RetentionQuestion.ts"
import { roundSignificant } from "../../statistics/significantDigits.ts"
import type { PlannedRetention } from "./planRetention.ts"

type Cohorts = RetentionResult["cohorts"]

/** Cohorts that the mean of a period is of. */
const cohortsOf = (cohorts: Cohorts, period: number): ReadonlyArray<number> =>
  cohorts.flatMap(({ people, periods }, cohort) => (people > 0 && periods[period]!.complete ? [cohort] : []))

/** A rate by its cells: who returned, and of how many. */
interface Rate {
  readonly returned: number
  readonly people: number
}

/**
 * The means as rates of cells. Weighted ones are one rate each: of everybody of the cohorts together. Of simple ones each
 * cohort has a rate of its own.
 */
const ratesOf = ({ periods, plan, weighted }: PlannedRetention, cohorts: Cohorts) => {
  const cellsOfKey: Array<Array<number>> = Array.from({ length: plan.cohortCount * (periods + 2) }, () => [])
  const means: Array<ReadonlyArray<Rate>> = []
  let cells = 0
  for (let period = 0; period <= periods; period += 1) {
    const rates: Array<Rate> = []
    for (const cohort of cohortsOf(cohorts, period)) {
      const known = weighted ? rates[0] : undefined
      const rate = known ?? { returned: cells, people: cells + 1 }
      if (known === undefined) {
        rates.push(rate)
        cells += 2
      }
      cellsOfKey[cohort * (periods + 2)]!.push(rate.people)
      cellsOfKey[cohort * (periods + 2) + 1 + period]!.push(rate.returned)
    }
    means.push(rates)
  }
  return { cellsOfKey, means, cells }
}

/** How many sums the intervals are drawn of. */
export const retentionStatistics = (planned: PlannedRetention, cohorts: Cohorts): number =>
  ratesOf(planned, cohorts).cells

/** What the intervals of the means are drawn from. */
export const retentionRequest = (
  planned: PlannedRetention,
  cohorts: Cohorts,
  rows: PersonRows,
  seed: string
): BootstrapRequest => {
  const { cells, cellsOfKey, means } = ratesOf(planned, cohorts)
  return {
    ...rows,
    seed,
    cellCount: cells,
    cellsOfKey,
    statistics: new Int32Array(means.flatMap((rates) => rates.flatMap(({ people, returned }) => [returned, people]))),
    meansOf: new Uint32Array(means.map((rates) => rates.length))
  }
}

/** The interval of each period's mean. */
export const meanIntervals = ({ high, low }: BootstrapResult): NonNullable<RetentionResult["mean_intervals"]> =>
  Array.from(low, (least, period) =>
    Number.isNaN(least) ? null : ([roundSignificant(least), roundSignificant(high[period]!)] as const)
  )
