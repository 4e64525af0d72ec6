import { timestampPattern } from "../../ports/analytics/AnalyticsEvent.ts"

const daysInMonth = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate()

/** Milliseconds UTC of an ISO 8601 date and time with offset; `undefined` where it is none or names no day or time. */
export const parseInstant = (text: string): number | undefined => {
  if (!timestampPattern.test(text)) return undefined
  const number = (from: number, to: number) => Number(text.slice(from, to))
  const month = number(5, 7)
  const day = number(8, 10)
  const withSeconds = text[16] === ":"
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(number(0, 4), month)) return undefined
  if (number(11, 13) > 23 || number(14, 16) > 59 || (withSeconds && number(17, 19) > 59)) return undefined
  const millis = Date.parse(text)
  return Number.isFinite(millis) ? millis : undefined
}
