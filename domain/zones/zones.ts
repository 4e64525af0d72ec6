/** A day of the calendar, in no zone yet. Months count from 1. */
export interface CalendarDay {
  readonly year: number
  readonly month: number
  readonly day: number
}

const dayMillis = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const fresh = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric"
  })
  formats.set(zone, fresh)
  return fresh
}

/** Whether the runtime knows the name as an IANA zone. */
export const isZone = (zone: string): boolean => {
  try {
    formatOf(zone)
    return /^[A-Za-z]/.test(zone)
  } catch {
    return false
  }
}

/** What clocks in the zone show at the instant, as milliseconds of a clock without zone. */
export const localMillis = (zone: string, millis: number): number => {
  const parts: Record<string, number> = {}
  for (const { type, value } of formatOf(zone).formatToParts(millis)) parts[type] = Number(value)
  const { day, hour, minute, month, second, year } = parts as Record<
    "day" | "hour" | "minute" | "month" | "second" | "year",
    number
  >
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((millis % 1000) + 1000) % 1000)
}

export const offsetMillis = (zone: string, millis: number): number => localMillis(zone, millis) - millis

const utcOf = ({ day, month, year }: CalendarDay): number => Date.UTC(year, month - 1, day)

const dayOfUtc = (millis: number): CalendarDay => {
  const date = new Date(millis)
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
}

export const addDays = (day: CalendarDay, days: number): CalendarDay => dayOfUtc(utcOf(day) + days * dayMillis)

/** The first day of the month that lies so many months on. */
export const addMonths = ({ month, year }: CalendarDay, months: number): CalendarDay => {
  const at = year * 12 + month - 1 + months
  return { year: Math.floor(at / 12), month: (((at % 12) + 12) % 12) + 1, day: 1 }
}

/** Days from one to another, negative where the other is earlier. */
export const daysBetween = (from: CalendarDay, to: CalendarDay): number => (utcOf(to) - utcOf(from)) / dayMillis

/** The day that calendars in the zone show at the instant. */
export const dayAt = (zone: string, millis: number): CalendarDay => dayOfUtc(localMillis(zone, millis))

/**
 * First instant of a day in a zone: midnight, the earlier one where clocks show it twice,
 * and the moment of the change where they skip it.
 */
export const startOfDay = (zone: string, day: CalendarDay): number => instantShowing(zone, day, 0)

/**
 * When clocks in the zone show a time of a day: the earlier instant where they show it twice, and the moment of the
 * change where they skip it.
 */
export const instantShowing = (zone: string, day: CalendarDay, millisOfDay: number): number => {
  const local = utcOf(day) + millisOfDay
  const candidates = [local - offsetMillis(zone, local - dayMillis), local - offsetMillis(zone, local + dayMillis)]
  const valid = candidates.filter((millis) => localMillis(zone, millis) === local)
  if (valid.length > 0) return Math.min(...valid)
  let before = Math.min(...candidates) - 1
  let after = Math.max(...candidates) + 1
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (localMillis(zone, middle) >= local) after = middle
    else before = middle
  }
  return after
}

/** `2026-03-29` read as a day, `undefined` where there is none of that name. */
export const parseDay = (text: string): CalendarDay | undefined => {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (match === null) return undefined
  const day = { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) }
  return formatDay(dayOfUtc(utcOf(day))) === text ? day : undefined
}

export const formatDay = ({ day, month, year }: CalendarDay): string =>
  `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`

/** The instant as clocks in the zone show it, with its offset: `2026-03-29T00:00:00+01:00`. */
export const formatInstant = (zone: string, millis: number): string =>
  formatExactly(zone, Math.floor(millis / 1000) * 1000)

/** The same, with milliseconds where there are any. */
export const formatExactly = (zone: string, millis: number): string => {
  const offset = offsetMillis(zone, millis)
  const minutes = Math.abs(Math.round(offset / 60_000))
  const two = (number: number) => String(number).padStart(2, "0")
  const sign = offset < 0 ? "-" : "+"
  const local = new Date(millis + offset).toISOString().replace(/(?:\.000)?Z$/, "")
  return `${local}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** Monday is 1, Sunday 7 (ISO 8601). */
export const weekday = (day: CalendarDay): number => ((((Math.floor(utcOf(day) / dayMillis) + 3) % 7) + 7) % 7) + 1
