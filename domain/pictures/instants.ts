import { addDays, formatDay, parseDay } from "../zones/zones.ts"

const midnight = "T00:00:00"

/** Begins of intervals as short as they can be told: months, days, or minutes. */
export const bucketLabels = (starts: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (!starts.every((start) => start.slice(10, 19) === midnight)) {
    return starts.map((start) => `${start.slice(0, 10)} ${start.slice(11, 16)}`)
  }
  const months = starts.length > 1 && starts.every((start) => start.slice(8, 10) === "01")
  return starts.map((start) => start.slice(0, months ? 7 : 10))
}

/** A range whose end is excluded, in days where it is whole days. */
export const rangeText = (from: string, to: string, zone: string): string => {
  const [first, after] = [from, to].map((instant) =>
    instant.slice(10, 19) === midnight ? parseDay(instant.slice(0, 10)) : undefined
  )
  const text =
    first === undefined || after === undefined
      ? `${from.slice(0, 16).replace("T", " ")} to ${to.slice(0, 16).replace("T", " ")}`
      : formatDay(first) === formatDay(addDays(after, -1))
        ? formatDay(first)
        : `${formatDay(first)} to ${formatDay(addDays(after, -1))}`
  return `${text}, ${zone}`
}

export const percentText = (share: number, digits = 0): string => `${(share * 100).toFixed(digits)} %`
