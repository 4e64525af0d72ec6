import { findRoot } from "./findRoot.ts"
import { normalCumulative, normalQuantile } from "./normal.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"
import { sequenceCriticalValue } from "./confidenceSequence.ts"

/** What a plan asks of its test. */
export interface TestDemand {
  /** Two-sided. */
  readonly alpha: number
  /** Chance to find the effect, 1 − β. */
  readonly power: number
}

/** What a metric does without the change: standard deviations of a difference of one unit each. */
export interface Baseline {
  /** Standard deviation of a unit's difference where there is no effect: √(2pq), √2 s. */
  readonly spreadWithout: number
  /** The same with the effect: √(p₁q₁ + p₂q₂), √2 s. */
  readonly spreadWith: number
}

/** How the test looks: once with the normal quantile, or at any time with a sequence of variance ρ². */
export type Looking = { readonly at: "planned_end" } | { readonly at: "any_time"; readonly rhoSquared: number }

const unitsMax = 1e12

/** Standard deviations of a rate that an effect moves from p₁ to p₁ + δ; Evan Miller takes 2 p₁ q₁ where nothing changes. */
export const rateBaseline = (rate: number, difference: number): Baseline | StatisticsRefusal => {
  const moved = rate + difference
  if (!(rate > 0 && rate < 1 && moved >= 0 && moved <= 1)) return "out_of_range"
  return {
    spreadWithout: Math.sqrt(2 * rate * (1 - rate)),
    spreadWith: Math.sqrt(rate * (1 - rate) + moved * (1 - moved))
  }
}

/**
 * Standard deviations of a mean whose units vary by `unitVariance`; with a covariate of correlation `correlation` from
 * before the exposure the variance is 1 − ρ² of it (Deng, Xu, Kohavi, Walker 2013, eq. 4).
 */
export const meanBaseline = (unitVariance: number, correlation = 0): Baseline | StatisticsRefusal => {
  if (!(unitVariance > 0 && correlation > -1 && correlation < 1)) return "out_of_range"
  const spread = Math.sqrt(2 * unitVariance * (1 - correlation * correlation))
  return { spreadWithout: spread, spreadWith: spread }
}

const isDemand = ({ alpha, power }: TestDemand): boolean => alpha > 0 && alpha < 1 && power > 0 && power < 1

/**
 * Units in each arm, rounded to the nearest: (z_{α/2} √(2 p₁ q₁) + z_β √(p₁ q₁ + p₂ q₂))² / δ² (Evan Miller's calculator,
 * https://www.evanmiller.org/ab-testing/sample-size.html). A sequence asks for more: solved for its growing critical value.
 */
export const sampleSize = (
  difference: number,
  { spreadWith, spreadWithout }: Baseline,
  demand: TestDemand,
  looking: Looking = { at: "planned_end" }
): number | StatisticsRefusal => {
  if (!isDemand(demand) || !(difference !== 0) || !Number.isFinite(difference)) return "out_of_range"
  const found = normalQuantile(demand.power) * spreadWith
  if (looking.at === "planned_end") {
    const root = (-normalQuantile(demand.alpha / 2) * spreadWithout + found) / difference
    return Math.max(1, Math.round(root * root))
  }
  const excess = (logUnits: number): number => {
    const units = Math.exp(logUnits)
    const critical = sequenceCriticalValue(2 * units, looking.rhoSquared, demand.alpha)
    return Math.sqrt(units) * Math.abs(difference) - critical * spreadWithout - found
  }
  const root = findRoot(excess, 0, Math.log(unitsMax))
  return root === undefined ? "out_of_range" : Math.round(Math.exp(root))
}

/** Chance that so many units in each arm find the difference; the inverse of `sampleSize`. The far tail is left out. */
export const powerOf = (
  difference: number,
  { spreadWith, spreadWithout }: Baseline,
  units: number,
  alpha: number,
  looking: Looking = { at: "planned_end" }
): number | StatisticsRefusal => {
  if (!(alpha > 0 && alpha < 1 && units >= 0) || !Number.isFinite(difference)) return "out_of_range"
  if (units === 0) return "no_units"
  const critical =
    looking.at === "planned_end"
      ? -normalQuantile(alpha / 2)
      : sequenceCriticalValue(2 * units, looking.rhoSquared, alpha)
  return normalCumulative((Math.sqrt(units) * Math.abs(difference) - critical * spreadWithout) / spreadWith)
}

/** A metric of which the smallest effect that can be found is asked: a rate, or a mean with its units' variance. */
export type Measured =
  | { readonly kind: "rate"; readonly rate: number }
  | { readonly kind: "mean"; readonly unitVariance: number; readonly correlation?: number }

export const baselineOf = (measured: Measured, difference: number): Baseline | StatisticsRefusal =>
  measured.kind === "rate"
    ? rateBaseline(measured.rate, difference)
    : meanBaseline(measured.unitVariance, measured.correlation)

/**
 * The smallest increase that so many units in each arm find with the demanded power, absolute; a decrease where
 * `towards` is "decrease".
 */
export const minimumDetectableEffect = (
  measured: Measured,
  units: number,
  demand: TestDemand,
  looking: Looking = { at: "planned_end" },
  towards: "increase" | "decrease" = "increase"
): number | StatisticsRefusal => {
  if (!isDemand(demand)) return "out_of_range"
  if (!(units > 0)) return "no_units"
  const critical =
    looking.at === "planned_end"
      ? -normalQuantile(demand.alpha / 2)
      : sequenceCriticalValue(2 * units, looking.rhoSquared, demand.alpha)
  const quantile = normalQuantile(demand.power)
  if (measured.kind === "mean") {
    const baseline = meanBaseline(measured.unitVariance, measured.correlation)
    return typeof baseline === "string" ? baseline : ((critical + quantile) * baseline.spreadWith) / Math.sqrt(units)
  }
  const sign = towards === "increase" ? 1 : -1
  const reach = towards === "increase" ? 1 - measured.rate : measured.rate
  const excess = (size: number): number => {
    const baseline = rateBaseline(measured.rate, sign * Math.min(size, reach))
    if (typeof baseline === "string") return Number.NaN
    return Math.sqrt(units) * size - critical * baseline.spreadWithout - quantile * baseline.spreadWith
  }
  if (!(measured.rate > 0 && measured.rate < 1)) return "out_of_range"
  return findRoot(excess, 0, reach) ?? "too_few_units"
}

/** Days until every arm has its units: the arm with the smallest share of the traffic is the last. */
export const durationDays = (
  unitsPerArm: number,
  unitsPerDay: number,
  weights: ReadonlyArray<number>
): number | StatisticsRefusal => {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const smallest = Math.min(...weights.filter((weight) => weight > 0))
  if (!(unitsPerArm >= 0 && sum > 0 && weights.every((weight) => weight >= 0))) return "out_of_range"
  if (!(unitsPerDay > 0)) return "no_units"
  return Math.ceil((unitsPerArm * sum) / (unitsPerDay * smallest))
}
