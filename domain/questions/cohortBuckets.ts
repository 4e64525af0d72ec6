import { bucketStarts } from "../zones/buckets.ts"
import type { Interval } from "../zones/buckets.ts"
import type { QuestionRange } from "./range.ts"

/** Longer than any interval: enough to find the starts of the periods behind the range. */
const intervalMillisMax = 32 * 86_400_000

export interface CohortBuckets {
  /** How many of the starts are those of cohorts: they come first. */
  readonly cohorts: number
  /** Of every cohort and of the periods behind the last; one more, its end. More than the limit where there are too many. */
  readonly all: ReadonlyArray<number>
}

/** Starts of the cohorts of the range, of the periods behind the last of them, and the end of these. */
export const cohortBuckets = (request: {
  readonly zone: string
  readonly interval: Interval & ("day" | "week" | "month")
  readonly weekStart: number
  readonly range: QuestionRange
  readonly periods: number
  readonly bucketsMax: number
}): CohortBuckets => {
  const { bucketsMax, interval, periods, range, weekStart, zone } = request
  const of = (toMillis: number) =>
    bucketStarts({ zone, interval, weekStart, fromMillis: range.fromMillis, toMillis, countMax: bucketsMax + 2 })
  const cohorts = of(range.toMillis).length
  return { cohorts, all: of(range.toMillis + (periods + 1) * intervalMillisMax).slice(0, cohorts + periods + 1) }
}
