import type { AnyRange, RelativeRange } from "../../ports/analytics/AnyQuestion.ts"
import { addDays, addMonths, dayAt, formatDay, weekday } from "../zones/zones.ts"
import type { CalendarDay } from "../zones/zones.ts"

/** First day of the unit that holds the day. */
const beginOf = (unit: RelativeRange["unit"], day: CalendarDay, weekStart: number): CalendarDay => {
  if (unit === "month") return { ...day, day: 1 }
  return unit === "week" ? addDays(day, -((weekday(day) - weekStart + 7) % 7)) : day
}

const back = (unit: RelativeRange["unit"], begin: CalendarDay, count: number): CalendarDay =>
  unit === "month" ? addMonths(begin, -count) : addDays(begin, -count * (unit === "week" ? 7 : 1))

/** The days that a range means at an instant. */
export const resolveRange = (
  range: AnyRange,
  at: { readonly zone: string; readonly weekStart: number; readonly nowMillis: number }
): { readonly from: string; readonly to: string } => {
  if ("from" in range) return range
  const { complete = false, last, unit } = range
  const today = dayAt(at.zone, at.nowMillis)
  const running = beginOf(unit, today, at.weekStart)
  return complete
    ? { from: formatDay(back(unit, running, last)), to: formatDay(addDays(running, -1)) }
    : { from: formatDay(back(unit, running, last - 1)), to: formatDay(today) }
}
