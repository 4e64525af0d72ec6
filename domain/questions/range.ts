import { rangeDaysMax } from "../../ports/analytics/Question.ts"
import { parseInstant } from "../zones/instant.ts"
import { addDays, daysBetween, parseDay, startOfDay } from "../zones/zones.ts"
import type { CalendarDay } from "../zones/zones.ts"
import type { Report } from "./Report.ts"

const dayMillis = 86_400_000

export interface QuestionRange {
  readonly fromMillis: number
  /** Exclusive. */
  readonly toMillis: number
  /** Where the range is given in days; `after` is the first day behind it. */
  readonly days: { readonly from: CalendarDay; readonly after: CalendarDay } | undefined
}

/** Days of the zone, both included, or instants with offset, `to` excluded; `undefined` after it said what is wrong. */
export const readRange = (
  { from, to }: { readonly from: string; readonly to: string },
  zone: string,
  report: Report
): QuestionRange | undefined => {
  const firstDay = parseDay(from)
  const lastDay = parseDay(to)
  const after = lastDay === undefined ? undefined : addDays(lastDay, 1)
  const fromMillis = firstDay === undefined ? parseInstant(from) : startOfDay(zone, firstDay)
  const toMillis = after === undefined ? parseInstant(to) : startOfDay(zone, after)
  const wrong = "must be a day like 2026-11-23, or a date and time with offset"
  if (fromMillis === undefined) report("/date_range/from", "not_a_day", wrong)
  if (toMillis === undefined) report("/date_range/to", "not_a_day", wrong)
  if (fromMillis === undefined || toMillis === undefined) return undefined
  if (firstDay !== undefined && after !== undefined && daysBetween(firstDay, after) > 0 && toMillis <= fromMillis) {
    report("/date_range", "empty_range", "the calendar of the zone leaves out that day")
    return undefined
  }
  if (toMillis <= fromMillis) {
    report("/date_range", "reversed_range", "from must be before to")
    return undefined
  }
  const days = firstDay === undefined || after === undefined ? undefined : { from: firstDay, after }
  const length = days === undefined ? (toMillis - fromMillis) / dayMillis : daysBetween(days.from, days.after)
  if (length > rangeDaysMax) {
    report("/date_range", "range_too_long", `${rangeDaysMax} days at the most`)
    return undefined
  }
  return { fromMillis, toMillis, days }
}
