import type { RetentionResult } from "../../ports/analytics/RetentionQuestion.ts"
import type { Drawn } from "./Drawn.ts"
import { bucketLabels, percentText } from "./instants.ts"

/** Rows of one picture: the newest cohorts, where there are more. */
const cohortsDrawnMax = 40
const periodsDrawnMax = 32

/** A triangle: cohorts by row, periods by column, shares as colours; what is not over yet has a dashed border. */
export const retentionPicture = (result: RetentionResult): Drawn => {
  const labels = bucketLabels(result.cohorts.map(({ start }) => start))
  const cohorts = result.cohorts
    .map((cohort, index) => ({ ...cohort, label: `${labels[index]!} (${cohort.people})` }))
    .slice(-cohortsDrawnMax)
  // A period that has not begun has nobody, and is not over: the empty half of the triangle.
  const shown = cohorts.map(({ periods }) => {
    const last = periods.findLastIndex(({ complete, people }) => complete || people > 0)
    return periods.slice(0, Math.min(last + 1, periodsDrawnMax))
  })
  const columns = Math.max(0, ...shown.map((periods) => periods.length))
  const cells = shown.flatMap((periods, row) =>
    periods.flatMap(({ complete, rate }, column) =>
      rate === null ? [] : [{ row, column, share: rate, label: percentText(rate), open: !complete }]
    )
  )
  return {
    title: "Retention",
    description: `Share of each cohort that came back, by period. ${cohorts
      .map(
        ({ label, periods }) =>
          `${label}: ${periods
            .slice(0, columns)
            .map(({ rate }) => (rate === null ? "none" : percentText(rate)))
            .join(", ")}`
      )
      .join("; ")}.`,
    shape:
      cells.length === 0
        ? undefined
        : {
            kind: "cells",
            rows: cohorts.map(({ label }) => label),
            columns: Array.from({ length: columns }, (_, index) => String(index)),
            rowAxis: "Cohort (people)",
            columnAxis: "Periods after the cohort's own",
            cells
          }
  }
}
