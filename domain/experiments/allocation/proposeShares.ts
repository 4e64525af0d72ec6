import { allocationDefaults } from "../../../ports/experiments/Bandit.ts"
import type { Allocation } from "../../../ports/experiments/Bandit.ts"
import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import { trafficShares } from "../../statistics/thompson.ts"
import type { AllocationStep } from "../results/ExperimentEvidence.ts"
import { bestChances, stepSumsOf } from "./bestChances.ts"

/** What the results say of the shares to come. */
export type Proposal =
  | { readonly kind: "burn_in" | "too_few_units" }
  | {
      readonly kind: "shares"
      /** Whole percents that sum to 100. */
      readonly weights: ReadonlyArray<number>
      readonly chances: ReadonlyArray<number>
    }

/**
 * Shares by Thompson sampling on the metric of that place, in whole percents: buckets have no others, and so the logged
 * probability is the true one. Equal results give equal shares.
 */
export const proposeShares = (
  {
    burn_in_units = allocationDefaults.burn_in_units,
    minimum_percent = allocationDefaults.minimum_percent
  }: Allocation,
  metric: AnalysedMetric,
  place: number,
  steps: ReadonlyArray<AllocationStep>,
  variants: number
): Proposal => {
  const arms = Array.from({ length: variants }, (_, arm) => stepSumsOf(steps, place, arm))
  const fewest = Math.min(...arms.map((sums) => sums.reduce((units, { count }) => units + count, 0)))
  if (fewest < burn_in_units) return { kind: "burn_in" }
  const chances = bestChances(metric, arms)
  const shares = chances === undefined ? "out_of_range" : trafficShares(chances, minimum_percent / 100)
  if (chances === undefined || typeof shares === "string") return { kind: "too_few_units" }
  return { kind: "shares", weights: wholePercents(shares), chances }
}

/** Shares as whole percents that sum to 100, by largest remainders: none falls below a share that is whole itself. */
export const wholePercents = (shares: ReadonlyArray<number>): ReadonlyArray<number> => {
  // A share that is whole but for rounding is whole.
  const percents = shares.map((share) => Number((share * 100).toFixed(9)))
  const weights = percents.map(Math.floor)
  const left = 100 - weights.reduce((sum, weight) => sum + weight, 0)
  const byRemainder = percents
    .map((percent, arm) => ({ arm, remainder: percent - Math.floor(percent) }))
    .toSorted((a, b) => b.remainder - a.remainder || a.arm - b.arm)
  for (const { arm } of byRemainder.slice(0, left)) weights[arm]! += 1
  return weights
}
