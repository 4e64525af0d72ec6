import type { StickinessPlan, StickinessRows } from "../../../ports/analytics/StickinessPlan.ts"
import type { StickinessResult } from "../../../ports/analytics/StickinessQuestion.ts"

/** Rows of the store as the answer: every number of intervals that the range has. */
export const shapeStickiness = (
  { bucketCount, toMillis }: StickinessPlan,
  { asOfMillis, rows }: StickinessRows
): Pick<StickinessResult, "people" | "histogram" | "complete"> => {
  const byBuckets = new Map(rows.map(({ buckets, people }) => [buckets, people]))
  const all = rows.reduce((sum, { people }) => sum + people, 0)
  let rest = all
  const histogram = Array.from({ length: bucketCount }, (_, index) => {
    const intervals = index + 1
    const people = byBuckets.get(intervals) ?? 0
    const people_at_least = rest
    rest -= people
    return { intervals, people, people_at_least }
  })
  return { people: all, histogram, complete: toMillis <= (asOfMillis ?? 0) }
}
