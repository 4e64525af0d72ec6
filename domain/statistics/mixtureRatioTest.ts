import type { ArmEstimate } from "./ArmEstimate.ts"
import type { Interval } from "./Interval.ts"
import { intervalAround } from "./Interval.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"
import { incomparable } from "./welch.ts"

export interface MixtureRatioTest {
  /** Likelihood ratio of the mixture to no difference. */
  readonly ratio: number
  /** Of this look; the test's p is the smallest of all looks so far. */
  readonly pValue: number
  readonly interval: Interval
}

/**
 * Mixture sequential probability ratio test with a normal mixture N(0, τ²) over the absolute difference: with v the
 * difference's variance √(v / (v + τ²)) exp(τ² d² / (2 v (v + τ²))) (Johari, Koomen, Pekelis, Walsh, "Always valid
 * inference", 2022, eq. 8).
 */
export const mixtureRatioTest = (
  control: ArmEstimate,
  treatment: ArmEstimate,
  mixingVariance: number,
  alpha: number
): MixtureRatioTest | StatisticsRefusal => {
  const reason = incomparable(control, treatment)
  if (reason !== undefined) return reason
  if (!(mixingVariance > 0 && alpha > 0 && alpha < 1)) return "out_of_range"
  const difference = treatment.mean - control.mean
  const variance = control.variance + treatment.variance
  const total = variance + mixingVariance
  const breadth = Math.log1p(mixingVariance / variance)
  const ratio = Math.exp((mixingVariance * difference * difference) / (2 * variance * total) - 0.5 * breadth)
  return {
    ratio,
    pValue: Math.min(1, 1 / ratio),
    interval: intervalAround(
      difference,
      Math.sqrt(((variance * total) / mixingVariance) * (breadth - 2 * Math.log(alpha)))
    )
  }
}
