import type { BucketRun } from "../../ports/analytics/QueryPlan.ts"
import { addDays, dayAt, startOfDay, weekday } from "./zones.ts"
import type { CalendarDay } from "./zones.ts"

export type Interval = "hour" | "day" | "week" | "month"

const hourMillis = 3_600_000

/**
 * Starts of the intervals that cover [from, to), ascending, the first at or before `from`. Days begin and end where the
 * zone's days do, so one may have 23 or 25 hours; hours count from the start of their day, so that none is missing or
 * doubled. Answers at most `countMax + 1` starts.
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
    if (interval !== "hour") starts.push(start)
    else {
      const end = Math.min(startOfDay(zone, next), toMillis)
      for (let hour = start; hour < end; hour += hourMillis) if (hour + hourMillis > fromMillis) starts.push(hour)
    }
    day = next
  }
  return starts.slice(0, countMax + 1)
}

const firstDay = (day: CalendarDay, interval: Interval, weekStart: number): CalendarDay => {
  if (interval === "month") return { ...day, day: 1 }
  return interval === "week" ? addDays(day, -((weekday(day) - weekStart + 7) % 7)) : day
}

const nextDay = (day: CalendarDay, interval: Interval): CalendarDay => {
  if (interval === "month") {
    return day.month === 12
      ? { year: day.year + 1, month: 1, day: 1 }
      : { year: day.year, month: day.month + 1, day: 1 }
  }
  return addDays(day, interval === "week" ? 7 : 1)
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
