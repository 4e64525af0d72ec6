import type { DigestSchedule } from "../../../ports/analytics/Digest.ts"
import { addDays, addMonths, dayAt, instantShowing, weekday } from "../../zones/zones.ts"
import type { CalendarDay } from "../../zones/zones.ts"

const hourMillis = 3_600_000

/** Days of the schedule around a day, ascending, beginning before it. */
const daysAround = (schedule: DigestSchedule, day: CalendarDay): ReadonlyArray<CalendarDay> =>
  schedule.every === "week"
    ? [-1, 0, 1, 2].map((week) => addDays(day, schedule.weekday - weekday(day) + 7 * week))
    : [-2, -1, 0, 1, 2].map((month) => ({ ...addMonths(day, month), day: schedule.day }))

const timesAround = (schedule: DigestSchedule, zone: string, millis: number): ReadonlyArray<number> =>
  daysAround(schedule, dayAt(zone, millis)).map((day) => instantShowing(zone, day, schedule.hour * hourMillis))

/** The last time of the schedule at or before an instant. */
export const lastTime = (schedule: DigestSchedule, zone: string, millis: number): number =>
  timesAround(schedule, zone, millis).findLast((time) => time <= millis)!

/** The first time of the schedule behind an instant. */
export const nextTime = (schedule: DigestSchedule, zone: string, millis: number): number =>
  timesAround(schedule, zone, millis).find((time) => time > millis)!

/** Days of the last week or month that is over at an instant, both included. */
export const periodBefore = (
  { every }: DigestSchedule,
  { weekStart, zone }: { readonly weekStart: number; readonly zone: string },
  millis: number
): { readonly from: CalendarDay; readonly to: CalendarDay } => {
  const today = dayAt(zone, millis)
  if (every === "month") return { from: addMonths(today, -1), to: addDays({ ...today, day: 1 }, -1) }
  const begin = addDays(today, -((weekday(today) - weekStart + 7) % 7))
  return { from: addDays(begin, -7), to: addDays(begin, -1) }
}
