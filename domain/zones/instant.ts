import { timestampPattern } from "../../ports/analytics/AnalyticsEvent.ts"

const daysOfMonths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const daysInMonth = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (daysOfMonths[month - 1] ?? 0)

const digit = (text: string, at: number): number => text.charCodeAt(at) - 48
const twoDigits = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1)

/** Milliseconds UTC of an ISO 8601 date and time with offset; `undefined` where it is none or names no day or time. */
export const parseInstant = (text: string): number | undefined => {
  if (!timestampPattern.test(text)) return undefined
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const day = twoDigits(text, 8)
  const withSeconds = text[16] === ":"
  if (day < 1 || day > daysInMonth(year, twoDigits(text, 5))) return undefined
  if (twoDigits(text, 11) > 23 || twoDigits(text, 14) > 59 || (withSeconds && twoDigits(text, 17) > 59))
    return undefined
  const millis = Date.parse(text)
  return Number.isFinite(millis) ? millis : undefined
}
