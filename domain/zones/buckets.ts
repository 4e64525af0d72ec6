import type { BucketRun } from "../../ports/analytics/TrendPlan.ts"
import { addDays, addMonths, dayAt, offsetMillis, startOfDay, weekday } from "./zones.ts"
import type { CalendarDay } from "./zones.ts"

export type Interval = "hour" | "day" | "week" | "month" | "quarter" | "year"

const hourMillis = 3_600_000
/** No zone changes its clocks between quarters of an hour. */
const quarterMillis = 900_000

/**
 * Starts of the intervals that cover [from, to), ascending, the first at or before `from`. Days begin and end where the
 * zone's days do, so one may have 23 or 25 hours, none missing and none doubled. Answers at most `countMax + 1` starts.
 */
export const bucketStarts = (request: {
  readonly zone: string
  readonly interval: Interval
  /** 1 is Monday. */
  readonly weekStart: number
  readonly fromMillis: number
  readonly toMillis: number
  readonly countMax: number
}): ReadonlyArray<number> => {
  const { countMax, fromMillis, interval, toMillis, weekStart, zone } = request
  const starts: Array<number> = []
  let day = firstDay(dayAt(zone, fromMillis), interval, weekStart)
  while (starts.length <= countMax) {
    const start = startOfDay(zone, day)
    if (start >= toMillis) break
    const next = nextDay(day, interval)
    if (interval !== "hour") {
      // A zone that crosses the date line leaves out a day, which would begin with the next one.
      if (starts.at(-1) !== start) starts.push(start)
    } else {
      for (const hour of hoursOfDay(zone, start, startOfDay(zone, next))) {
        if (hour >= toMillis) break
        if (hour <= fromMillis) starts.length = 0
        starts.push(hour)
      }
    }
    day = next
  }
  return starts.slice(0, countMax + 1)
}

/** Starts of the hours that clocks show; where they change, an hour may have another length and be shown twice. */
const hoursOfDay = (zone: string, start: number, end: number): ReadonlyArray<number> => {
  const steady = offsetMillis(zone, start) === offsetMillis(zone, end - 1)
  if (steady)
    return Array.from({ length: Math.ceil((end - start) / hourMillis) }, (_, index) => start + index * hourMillis)
  const hours: Array<number> = []
  let shown = ""
  for (let millis = start; millis < end; millis += quarterMillis) {
    const offset = offsetMillis(zone, millis)
    const now = `${Math.floor((millis + offset) / hourMillis)} ${offset}`
    if (now !== shown) hours.push(millis)
    shown = now
  }
  return hours
}

/** Calendar months of the intervals that begin with one. */
const monthsOf: Readonly<Partial<Record<Interval, number>>> = { month: 1, quarter: 3, year: 12 }

const firstDay = (day: CalendarDay, interval: Interval, weekStart: number): CalendarDay => {
  const months = monthsOf[interval]
  if (months !== undefined) return { year: day.year, month: day.month - ((day.month - 1) % months), day: 1 }
  return interval === "week" ? addDays(day, -((weekday(day) - weekStart + 7) % 7)) : day
}

const nextDay = (day: CalendarDay, interval: Interval): CalendarDay => {
  const months = monthsOf[interval]
  return months === undefined ? addDays(day, interval === "week" ? 7 : 1) : addMonths(day, months)
}

/** The starts as runs of equal width, which an engine turns into arithmetic. */
export const bucketRuns = (starts: ReadonlyArray<number>, toMillis: number): ReadonlyArray<BucketRun> => {
  const runs: Array<BucketRun> = []
  for (const [index, start] of starts.entries()) {
    const width = (starts[index + 1] ?? Math.max(toMillis, start + 1)) - start
    const last = runs.at(-1)
    const isLast = index === starts.length - 1
    if (last !== undefined && (last.widthMillis === width || (isLast && width <= last.widthMillis))) continue
    runs.push({ fromMillis: start, first: index, widthMillis: width })
  }
  return runs
}
