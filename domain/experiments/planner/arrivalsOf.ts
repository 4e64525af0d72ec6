import type { Arrivals } from "./planExperiment.ts"

/** Days of the pace at which units go on to come behind what was seen. */
const paceDays = 7
/** Farther ahead nobody plans. */
const daysMax = 3660

/**
 * Units as they came in the past: most of those who come on the first days come again later, so that each day brings fewer
 * new ones than the day before. Behind the last day they go on at the pace of its last week.
 */
export const arrivalsOf = (
  /** By the end of each day. */
  cumulative: ReadonlyArray<number>,
  /** Of them that takes part, 0 to 1. */
  share: number
): Arrivals => {
  const seen = cumulative.length
  const by = (days: number): number => (days <= 0 ? 0 : (cumulative[Math.min(days, seen) - 1] ?? 0))
  const pace = seen === 0 ? 0 : (by(seen) - by(seen - paceDays)) / Math.min(paceDays, seen)
  const after = (days: number): number => share * (by(days) + Math.max(0, days - seen) * pace)
  return {
    after,
    daysUntil: (units) => {
      for (let day = 1; day <= daysMax; day += 1) if (after(day) >= units) return day
      return undefined
    }
  }
}
