import { addDays, dayAt, startOfDay } from "../zones/zones.ts"
import type { CalendarDay } from "../zones/zones.ts"

const dayMillis = 86_400_000

/** Days from 1970-01-01 to the day, as the calendar counts them: equal numbers for equal days of whatever zone. */
export const dayNumber = ({ day, month, year }: CalendarDay): number => Date.UTC(year, month - 1, day) / dayMillis

/**
 * The day number that calendars in the zone show at each instant (milliseconds UTC), in the order given. Asks the zone
 * once a day and not once an instant.
 */
export const dayNumbers = (zone: string, instants: ReadonlyArray<number>): ReadonlyArray<number> => {
  const days = Array.from<number>({ length: instants.length })
  const order = instants.map((_, index) => index).toSorted((a, b) => instants[a]! - instants[b]!)
  let number = 0
  let endMillis = Number.NEGATIVE_INFINITY
  for (const index of order) {
    if (instants[index]! >= endMillis) {
      const day = dayAt(zone, instants[index]!)
      number = dayNumber(day)
      endMillis = startOfDay(zone, addDays(day, 1))
    }
    days[index] = number
  }
  return days
}
