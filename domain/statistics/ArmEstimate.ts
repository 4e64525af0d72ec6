import type { SampleSums, PairSums } from "./SampleSums.ts"
import { deviations, sampleVariance } from "./SampleSums.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"

/** What an arm says of a metric, whatever the metric's kind: tests and intervals need no more. */
export interface ArmEstimate {
  /** Units. */
  readonly count: number
  readonly mean: number
  /** Of the mean, not of a unit. */
  readonly variance: number
}

/** A rate, with p(1 − p) / n. */
export const rateEstimate = (successes: number, trials: number): ArmEstimate | StatisticsRefusal => {
  if (!(trials > 0)) return "no_units"
  if (!(successes >= 0 && successes <= trials)) return "out_of_range"
  const rate = successes / trials
  return { count: trials, mean: rate, variance: (rate * ((trials - successes) / trials)) / trials }
}

/** A mean per unit, with the sample variance (n − 1). */
export const meanEstimate = (sums: SampleSums): ArmEstimate | StatisticsRefusal => {
  if (!(sums.count > 0)) return "no_units"
  if (sums.count < 2) return "too_few_units"
  return { count: sums.count, mean: sums.sum / sums.count, variance: sampleVariance(sums) / sums.count }
}

/**
 * A ratio of two sums over units (`left` over `right`) by the delta method, so that units and not events are what varies:
 * (s²_y − 2 r s_yd + r² s²_d) / (n d̄²) (Deng, Knoblich, Lu, "Applying the delta method in metric analytics", 2018, eq. 4).
 */
export const ratioEstimate = ({ count, left, products, right }: PairSums): ArmEstimate | StatisticsRefusal => {
  if (!(count > 0)) return "no_units"
  if (count < 2) return "too_few_units"
  if (right.sum === 0) return "no_units"
  const ratio = left.sum / right.sum
  const free = count - 1
  const spread =
    sampleVariance({ count, ...left }) -
    (2 * ratio * deviations(count, products, left.sum, right.sum)) / free +
    ratio * ratio * sampleVariance({ count, ...right })
  const mean = right.sum / count
  return { count, mean: ratio, variance: Math.max(0, spread) / (count * mean * mean) }
}
