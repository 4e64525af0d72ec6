import type { ArmEstimate } from "./ArmEstimate.ts"
import type { SampleSums } from "./SampleSums.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"

/** An arm's units of one step, all of whom were assigned with the same logged probability. */
export interface StepSums extends SampleSums {
  readonly probability: number
}

/**
 * An arm's mean where its share of the traffic followed its results: a plain mean would be too low for arms that started
 * unlucky. Each unit weighs 1 / probability of its assignment (Hájek's ratio form of Horvitz and Thompson 1952; for adaptive
 * assignment Hadad, Hirshberg, Zhan, Wager, Athey 2021); the variance is that of the linearised ratio.
 */
export const weightedEstimate = (steps: ReadonlyArray<StepSums>): ArmEstimate | StatisticsRefusal => {
  if (!steps.every(({ probability }) => probability > 0 && probability <= 1)) return "out_of_range"
  const count = total(steps, (step) => step.count)
  if (!(count > 0)) return "no_units"
  if (count < 2) return "too_few_units"
  const weight = total(steps, (step) => step.count / step.probability)
  const mean = total(steps, (step) => step.sum / step.probability) / weight
  const spread = total(
    steps,
    ({ count: units, probability, squares, sum }) =>
      Math.max(0, squares - 2 * mean * sum + units * mean * mean) / probability ** 2
  )
  return { count, mean, variance: spread / weight ** 2 }
}

const total = <A>(values: ReadonlyArray<A>, of: (value: A) => number): number =>
  values.reduce((sum, value) => sum + of(value), 0)
