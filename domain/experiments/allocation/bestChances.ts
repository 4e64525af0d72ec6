import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { BetaBelief } from "../../statistics/betaPosterior.ts"
import { weightedEstimate } from "../../statistics/inverseProbability.ts"
import type { StepSums } from "../../statistics/inverseProbability.ts"
import { bestMeanChances, bestRateChances } from "../../statistics/thompson.ts"
import { noMetricSums } from "../results/ExperimentEvidence.ts"
import type { AllocationStep } from "../results/ExperimentEvidence.ts"

/** An arm's units of a metric, step by step; steps in which nobody came to it are left out. */
export const stepSumsOf = (
  steps: ReadonlyArray<AllocationStep>,
  metric: number,
  arm: number
): ReadonlyArray<StepSums> =>
  steps.flatMap(({ probabilities, sums }) => {
    const { count, squares, sum } = sums[metric]?.[arm] ?? noMetricSums
    return count > 0 ? [{ probability: probabilities[arm] ?? 0, count, sum, squares }] : []
  })

const total = (steps: ReadonlyArray<StepSums>, of: (step: StepSums) => number): number =>
  steps.reduce((sum, step) => sum + of(step), 0)

/** Units whose weights are alike that would tell as much: (Σ w)² / Σ w² (Kish, "Survey Sampling", 1965, section 11.7). */
const effectiveUnits = (steps: ReadonlyArray<StepSums>): number =>
  total(steps, ({ count, probability }) => count / probability) ** 2 /
  total(steps, ({ count, probability }) => count / probability ** 2)

/**
 * Chance of each arm to be the best of a metric, in the metric's direction, from estimates that weigh by the inverse of the
 * logged probability. A rate is believed from Beta(1, 1) on with the effective number of units, which is the plain posterior
 * while shares have not changed; a mean is believed to be normal. `undefined` where an arm tells nothing yet.
 */
export const bestChances = (
  metric: AnalysedMetric,
  arms: ReadonlyArray<ReadonlyArray<StepSums>>
): ReadonlyArray<number> | undefined => {
  const estimates = arms.map(weightedEstimate)
  const known = estimates.flatMap((estimate) => (typeof estimate === "string" ? [] : [estimate]))
  if (known.length < arms.length) return undefined
  const isUp = metric.direction === "increase"
  if (metric.kind === "rate") {
    return bestRateChances(
      known.map(({ mean }, arm): BetaBelief => {
        const units = effectiveUnits(arms[arm]!)
        const rate = Math.min(1, Math.max(0, isUp ? mean : 1 - mean))
        return { a: 1 + units * rate, b: 1 + units * (1 - rate) }
      })
    )
  }
  // Where all units of an arm did the same, they are taken to vary as those of all arms do.
  const spread = known.reduce((sum, { count, variance }) => sum + variance * count, 0) / known.length
  const chances = bestMeanChances(
    known.map(({ count, mean, variance }) => ({
      mean: isUp ? mean : -mean,
      variance: variance > 0 ? variance : spread / count
    }))
  )
  return typeof chances === "string" ? undefined : chances
}
