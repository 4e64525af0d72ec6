import type { RetentionRow, RetentionRows } from "../../../ports/analytics/RetentionPlan.ts"
import type { RetentionPeriod, RetentionResult } from "../../../ports/analytics/RetentionQuestion.ts"
import { wilsonInterval } from "../../statistics/wilson.ts"
import { formatInstant } from "../../zones/zones.ts"
import { smallGroupPeople } from "../../statistics/smallGroup.ts"
import { significantDigits } from "../shapeAnswer.ts"
import type { PlannedRetention } from "./planRetention.ts"

const rounded = (value: number): number => Number(value.toPrecision(significantDigits))

const periodOf = (people: number, of: number, complete: boolean): RetentionPeriod => {
  if (of === 0) return { people, rate: null, interval: null, complete }
  const [low, high] = wilsonInterval(people, of)
  return { people, rate: rounded(people / of), interval: [rounded(low), rounded(high)], complete }
}

/** Rows of the store as the answer: every cohort of the range, each with every period. */
export const shapeRetention = (
  planned: PlannedRetention,
  { asOfMillis, rows }: RetentionRows
): Pick<RetentionResult, "cohorts" | "mean"> => {
  const { bucketStarts, orAfter, periods, plan, weighted, zone } = planned
  const byCohort = new Map(rows.map((row) => [row.cohort, row]))
  const cohorts = Array.from({ length: plan.cohortCount }, (_, cohort) => {
    const row: RetentionRow = byCohort.get(cohort) ?? { cohort, people: 0, returned: [], returnedSince: [] }
    const counts = orAfter ? row.returnedSince : row.returned
    return {
      start: formatInstant(zone, bucketStarts[cohort]!),
      people: row.people,
      small: row.people < smallGroupPeople,
      periods: Array.from({ length: periods + 1 }, (__, period) =>
        periodOf(counts[period] ?? 0, row.people, bucketStarts[cohort + period + 1]! <= (asOfMillis ?? 0))
      )
    }
  })
  return { cohorts, mean: Array.from({ length: periods + 1 }, (_, period) => meanOf(cohorts, period, weighted)) }
}

const meanOf = (cohorts: RetentionResult["cohorts"], period: number, weighted: boolean): number | null => {
  const whole = cohorts.filter((cohort) => cohort.people > 0 && cohort.periods[period]!.complete)
  if (whole.length === 0) return null
  const sum = (of: (cohort: RetentionResult["cohorts"][number]) => number) =>
    whole.reduce((total, cohort) => total + of(cohort), 0)
  const returned = sum((cohort) => cohort.periods[period]!.people)
  return rounded(
    weighted
      ? returned / sum((cohort) => cohort.people)
      : sum((cohort) => cohort.periods[period]!.people / cohort.people) / whole.length
  )
}
