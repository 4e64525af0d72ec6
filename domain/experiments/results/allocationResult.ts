import { fullDaysMin } from "../../../ports/experiments/DecisionRule.ts"
import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { AllocationResult, Recommendation, SplitCheck } from "../../../ports/experiments/ExperimentResults.ts"
import { weightedEstimate } from "../../statistics/inverseProbability.ts"
import { intervalAround } from "../../statistics/Interval.ts"
import { normalQuantile } from "../../statistics/normal.ts"
import { bestChances, stepSumsOf } from "../allocation/bestChances.ts"
import type { AllocationStep, ExperimentEvidence } from "./ExperimentEvidence.ts"

/** From this chance to be the best on, nothing more is learnt by giving others a share. */
export const chanceEnough = 0.95
const intervalAlpha = 0.05

/** How a bandit shared its traffic, and what its arms are worth by estimates that weigh by the logged probability. */
export const allocationResult = (
  { metrics, variants }: ExperimentEvidence,
  goal: number,
  steps: ReadonlyArray<AllocationStep>
): AllocationResult => {
  const metric = metrics[goal]
  const sums = variants.map((_, arm) => stepSumsOf(steps, goal, arm))
  const estimates = sums.map(weightedEstimate)
  const chances = metric === undefined ? undefined : bestChances(metric, sums)
  const best = chances?.findIndex((chance) => chance >= chanceEnough) ?? -1
  const shares = steps.at(-1)?.probabilities ?? []
  return {
    goal: metric?.id ?? null,
    steps: steps.map(({ assigned, probabilities }, at) => ({ number: at + 1, shares: probabilities, assigned })),
    arms: variants.map(({ id }, arm) => {
      const estimate = estimates[arm]!
      const isKnown = typeof estimate !== "string"
      return {
        variant: id,
        share: shares[arm] ?? 0,
        units: sums[arm]!.reduce((units, { count }) => units + count, 0),
        mean: isKnown ? estimate.mean : null,
        interval: isKnown
          ? intervalAround(estimate.mean, -normalQuantile(intervalAlpha / 2) * Math.sqrt(estimate.variance))
          : null,
        chance_best: chances?.[arm] ?? null
      }
    }),
    best: best >= 0 ? variants[best]!.id : null,
    gained: gainedBy(
      steps,
      estimates.map((estimate) => (typeof estimate === "string" ? undefined : estimate.mean)),
      metric
    )
  }
}

/**
 * What units brought more than they would have at the shares of the first step, by today's estimates: the regret that was
 * avoided. Σ over steps of units × Σ over arms of (share − first share) × mean.
 */
const gainedBy = (
  steps: ReadonlyArray<AllocationStep>,
  means: ReadonlyArray<number | undefined>,
  metric: AnalysedMetric | undefined
): number | null => {
  const first = steps[0]?.probabilities
  if (first === undefined || metric === undefined || !means.every((mean) => mean !== undefined)) return null
  const sum = steps.reduce((total, { assigned, probabilities }) => {
    const units = assigned.reduce((all, count) => all + count, 0)
    return total + units * means.reduce((more, mean, arm) => more + (probabilities[arm]! - first[arm]!) * mean, 0)
  }, 0)
  return metric.direction === "increase" ? sum : -sum
}

/** A bandit is over when one arm is the best with a high chance, a week has passed and the split is as logged. */
export const recommendArm = (
  { best }: AllocationResult,
  control: string,
  fullDays: number,
  split: SplitCheck | null
): Recommendation => {
  const hindrances = [
    ...(split?.mismatch === true ? (["ratio_mismatch"] as const) : []),
    ...(fullDays < fullDaysMin ? (["too_few_days"] as const) : [])
  ]
  if (best === null) return { action: "keep_running", reasons: ["no_best_arm", ...hindrances] }
  if (hindrances.length > 0) return { action: "keep_running", reasons: ["best_arm", ...hindrances] }
  return best === control
    ? { action: "roll_back", reasons: ["best_arm"] }
    : { action: "ship", variant: best, reasons: ["best_arm"] }
}
