import type { AlertCondition, AlertFinding, AlertInterval } from "../../../ports/analytics/Alert.ts"
import { formatInstant } from "../../zones/zones.ts"
import { changeText, numberText } from "../mail/mailText.ts"
import { normWeeks, normWeeksMin, weekMillis } from "./alertBuckets.ts"
import type { Bucket } from "./alertBuckets.ts"
import { dispersionOf, seasonalNorm } from "./seasonalNorm.ts"

export interface MeasuredBucket extends Bucket {
  readonly value: number | null
}

export interface Judged {
  readonly condition: AlertCondition
  readonly interval: AlertInterval
  readonly zone: string
  /** Whether the number counts things, so that chance alone spreads it by its square root. */
  readonly isCount: boolean
}

type Verdict = Omit<AlertFinding, "from" | "to" | "value">

/** What is found of the bucket at an index of the series, which holds its past as far as the condition looks back. */
export const judgeBucket = (judged: Judged, series: ReadonlyArray<MeasuredBucket>, index: number): AlertFinding => {
  const { end, start, value } = series[index]!
  const stamps = { from: formatInstant(judged.zone, start), to: formatInstant(judged.zone, end), value }
  if (value === null) return { ...stamps, outcome: "no_value", text: "there is no value" }
  return { ...stamps, ...verdictOf(judged, series, index, value) }
}

const verdictOf = (judged: Judged, series: ReadonlyArray<MeasuredBucket>, index: number, value: number): Verdict => {
  const { condition } = judged
  switch (condition.kind) {
    case "above":
      return {
        outcome: value > condition.value ? "met" : "not_met",
        expected: { low: null, high: condition.value },
        text: `${numberText(value)}, ${value > condition.value ? "above" : "not above"} ${numberText(condition.value)}`
      }
    case "below":
      return {
        outcome: value < condition.value ? "met" : "not_met",
        expected: { low: condition.value, high: null },
        text: `${numberText(value)}, ${value < condition.value ? "below" : "not below"} ${numberText(condition.value)}`
      }
    case "changes":
      return changed(judged.interval, condition, series, index, value)
    case "unusual":
      return unusual(judged, condition, series, index, value)
  }
}

const weeksBefore = (series: ReadonlyArray<MeasuredBucket>, index: number, weeks: number) => {
  const local = series[index]!.local - weeks * weekMillis
  return series.slice(0, index).find((each) => each.local === local)
}

const changed = (
  interval: AlertInterval,
  { against = "previous", direction, percent }: Extract<AlertCondition, { readonly kind: "changes" }>,
  series: ReadonlyArray<MeasuredBucket>,
  index: number,
  value: number
): Verdict => {
  const before = (against === "previous" ? series[index - 1] : weeksBefore(series, index, 1))?.value ?? null
  const name =
    against === "week_before" && interval !== "week"
      ? `the same ${interval} of the week before`
      : `the ${interval} before`
  if (before === null) return { outcome: "too_little_history", text: `${numberText(value)}; ${name} has no value` }
  const step = (Math.abs(before) * percent) / 100
  const grew = value !== before && value - before >= step
  const fell = value !== before && before - value >= step
  const isMet = (grew && direction !== "down") || (fell && direction !== "up")
  return {
    outcome: isMet ? "met" : "not_met",
    expected: { low: direction === "up" ? null : before - step, high: direction === "down" ? null : before + step },
    compared_with: before,
    history: 1,
    text: `${numberText(value)}, ${changeText(before, value)} against ${numberText(before)} of ${name}`
  }
}

/** Past values by season; nothing before the first event of all says what is usual. */
const seasonsOf = (interval: AlertInterval, series: ReadonlyArray<MeasuredBucket>, index: number) => {
  const { local } = series[index]!
  const first = series.findIndex(({ value }) => value !== null && value !== 0)
  const past = first === -1 ? [] : series.slice(first, index)
  const season = (bucket: MeasuredBucket): number => (interval === "week" ? 0 : bucket.local % weekMillis)
  const seasons = new Map<number, Array<number>>()
  for (const bucket of past) {
    const isKnown = bucket.value !== null && bucket.local >= local - normWeeks[interval] * weekMillis
    if (isKnown) seasons.set(season(bucket), [...(seasons.get(season(bucket)) ?? []), bucket.value])
  }
  return { own: seasons.get(season(series[index]!)) ?? [], all: seasons.values() }
}

const unusual = (
  { interval, isCount }: Judged,
  { direction, sensitivity = "medium" }: Extract<AlertCondition, { readonly kind: "unusual" }>,
  series: ReadonlyArray<MeasuredBucket>,
  index: number,
  value: number
): Verdict => {
  const { all, own: samples } = seasonsOf(interval, series, index)
  const needed = normWeeksMin[interval]
  if (samples.length < needed) {
    const text = `${numberText(value)}; what is usual is known after ${needed} weeks, of which ${samples.length} have passed`
    return { outcome: "too_little_history", history: samples.length, text }
  }
  const { high, low, median } = seasonalNorm(samples, { isCount, sensitivity, dispersion: dispersionOf(all, isCount) })
  const isMet = (value > high && direction !== "down") || (value < low && direction !== "up")
  const norm = `usual is ${numberText(low)} to ${numberText(high)}, by ${samples.length} weeks`
  return {
    outcome: isMet ? "met" : "not_met",
    expected: { low: direction === "up" ? null : low, high: direction === "down" ? null : high },
    compared_with: median,
    history: samples.length,
    text: `${numberText(value)}; ${norm}`
  }
}
