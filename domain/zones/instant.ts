import { timestampPattern } from "../../ports/analytics/AnalyticsEvent.ts"

const daysOfMonths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const daysInMonth = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (daysOfMonths[month - 1] ?? 0)

const digit = (text: string, at: number): number => text.charCodeAt(at) - 48
const twoDigits = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1)

/** Of `2026-11-23T10:00:00.000Z`, as `toISOString` writes it: read several times as fast as by the engine's parser. */
const usualLength = 24
/** `Date.UTC` takes earlier years as those of the twentieth century. */
const utcYearMin = 100

/** Milliseconds UTC of an ISO 8601 date and time with offset; `undefined` where it is none or names no day or time. */
export const parseInstant = (text: string): number | undefined => {
  if (!timestampPattern.test(text)) return undefined
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const day = twoDigits(text, 8)
  const withSeconds = text[16] === ":"
  if (day < 1 || day > daysInMonth(year, twoDigits(text, 5))) return undefined
  if (twoDigits(text, 11) > 23 || twoDigits(text, 14) > 59 || (withSeconds && twoDigits(text, 17) > 59))
    return undefined
  return text.length === usualLength && text[usualLength - 1] === "Z" && year >= utcYearMin
    ? Date.UTC(year, twoDigits(text, 5) - 1, day, twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)) +
        digit(text, 20) * 100 +
        twoDigits(text, 21)
    : parseOther(text)
}

const parseOther = (text: string): number | undefined => {
  const millis = Date.parse(text)
  return Number.isFinite(millis) ? millis : undefined
}
