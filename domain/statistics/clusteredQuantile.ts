import type { ArmEstimate } from "./ArmEstimate.ts"
import { ratioEstimate } from "./ArmEstimate.ts"
import type { Interval } from "./Interval.ts"
import { normalQuantile } from "./normal.ts"
import { quantileOfSorted } from "./quantile.ts"
import type { PairSums } from "./SampleSums.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"

export interface ClusteredQuantile {
  readonly estimate: ArmEstimate
  readonly interval: Interval
}

/**
 * The shares of all values between which the quantile lies: q ± z σ, where σ² is the variance of the share of values at
 * or below the quantile, taken as a ratio over units (`left` how many of a unit's values lie at or below it, `right` how
 * many it has), because values of one unit go together (Deng, Knoblich, Lu 2018, section 4.2, "outer" interval).
 */
export const quantileShares = (sums: PairSums, share: number, alpha: number): Interval | StatisticsRefusal => {
  if (!(share > 0 && share < 1 && alpha > 0 && alpha < 1)) return "out_of_range"
  const below = ratioEstimate(sums)
  if (typeof below === "string") return below
  const reach = -normalQuantile(alpha / 2) * Math.sqrt(below.variance)
  return share - reach > 0 && share + reach < 1 ? [share - reach, share + reach] : "too_few_units"
}

/** The arm's estimate from the quantile and the values at both shares: its variance is ((high − low) / 2z)². */
export const quantileEstimate = (count: number, value: number, [low, high]: Interval, alpha: number): ArmEstimate => ({
  count,
  mean: value,
  variance: ((high - low) / (-2 * normalQuantile(alpha / 2))) ** 2
})

/** A quantile over all values of all units, with its interval at 1 − α; one list of values per unit. */
export const clusteredQuantile = (
  units: ReadonlyArray<ReadonlyArray<number>>,
  share: number,
  alpha: number
): ClusteredQuantile | StatisticsRefusal => {
  const ascending = units.flat().toSorted((a, b) => a - b)
  const value = quantileOfSorted(ascending, share)
  if (value === undefined) return "no_units"
  const shares = quantileShares(countBelow(units, value), share, alpha)
  if (typeof shares === "string") return shares
  const interval: Interval = [quantileOfSorted(ascending, shares[0])!, quantileOfSorted(ascending, shares[1])!]
  const withValues = units.filter((values) => values.length > 0).length
  return { estimate: quantileEstimate(withValues, value, interval, alpha), interval }
}

/** Of every unit with values: how many lie at or below, how many there are. */
const countBelow = (units: ReadonlyArray<ReadonlyArray<number>>, value: number): PairSums => {
  let count = 0
  const left = { sum: 0, squares: 0 }
  const right = { sum: 0, squares: 0 }
  let products = 0
  for (const values of units) {
    if (values.length === 0) continue
    const below = values.filter((each) => each <= value).length
    count += 1
    left.sum += below
    left.squares += below * below
    right.sum += values.length
    right.squares += values.length * values.length
    products += below * values.length
  }
  return { count, left, right, products }
}
