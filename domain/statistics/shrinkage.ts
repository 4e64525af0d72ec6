import { findRoot } from "./findRoot.ts"
import type { Interval } from "./Interval.ts"
import { intervalAround } from "./Interval.ts"
import { normalQuantile } from "./normal.ts"
import type { NormalBelief } from "./normalPosterior.ts"
import { updateBelief } from "./normalPosterior.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"

/** An experiment's effect as it was measured, and whether its change is live. */
export interface FinishedEffect {
  readonly effect: number
  /** Of the effect. */
  readonly variance: number
  readonly shipped: boolean
}

export interface CumulativeImpact {
  /** Distribution of true effects over all experiments. */
  readonly prior: NormalBelief
  /** Effects after shrinkage, in the order given. */
  readonly shrunk: ReadonlyArray<NormalBelief>
  /** Sum of the shipped ones as measured, which selection has made too large. */
  readonly measured: number
  /** Sum of the shipped ones after shrinkage. */
  readonly impact: number
  readonly interval: Interval
}

/** A distribution of effects cannot be told from fewer. */
export const shrunkExperimentsMin = 3

/**
 * What shipped changes brought together. Winners were picked because they looked large, so each effect is drawn towards
 * the mean of all experiments, the more the less is known of it (empirical Bayes: Efron and Morris 1975; between-experiment
 * variance by Paule and Mandel 1982).
 */
export const cumulativeImpact = (
  effects: ReadonlyArray<FinishedEffect>,
  alpha: number
): CumulativeImpact | StatisticsRefusal => {
  if (effects.length < shrunkExperimentsMin) return "too_few_units"
  if (!effects.every(({ variance }) => variance > 0)) return "no_variance"
  if (!(alpha > 0 && alpha < 1)) return "out_of_range"
  const prior = priorOf(effects)
  const shrunk = effects.map(({ effect, variance }) =>
    prior.variance === 0 ? prior : updateBelief({ mean: effect, variance }, prior)
  )
  const shipped = shrunk.filter((_, index) => effects[index]!.shipped)
  const impact = shipped.reduce((sum, { mean }) => sum + mean, 0)
  const own = shipped.reduce((sum, belief) => sum + belief.variance, 0)
  // What is drawn towards the common mean shares the doubt about that mean (a flat prior over it).
  const drawn = effects.reduce(
    (sum, { shipped: live, variance }) => sum + (live ? variance / (variance + prior.variance) : 0),
    0
  )
  const precision = effects.reduce((sum, { variance }) => sum + 1 / (variance + prior.variance), 0)
  const deviation = Math.sqrt(own + (drawn * drawn) / precision)
  return {
    prior,
    shrunk,
    measured: effects.reduce((sum, { effect, shipped: live }) => sum + (live ? effect : 0), 0),
    impact,
    interval: intervalAround(impact, -normalQuantile(alpha / 2) * deviation)
  }
}

/** Mean and variance of true effects: the variance at which Σ (d − μ)² / (s² + τ²) is its expectation. */
const priorOf = (effects: ReadonlyArray<FinishedEffect>): NormalBelief => {
  const meanAt = (between: number): number => {
    const weights = effects.map(({ variance }) => 1 / (variance + between))
    const weighted = effects.reduce((sum, { effect }, index) => sum + weights[index]! * effect, 0)
    return weighted / weights.reduce((sum, weight) => sum + weight, 0)
  }
  const excess = (between: number): number => {
    const mean = meanAt(between)
    const spread = effects.reduce((sum, { effect, variance }) => sum + (effect - mean) ** 2 / (variance + between), 0)
    return spread - (effects.length - 1)
  }
  const largest = effects.reduce((most, { effect }) => Math.max(most, (effect - meanAt(0)) ** 2), 0) * effects.length
  const variance = excess(0) > 0 ? (findRoot(excess, 0, largest) ?? 0) : 0
  return { mean: meanAt(variance), variance }
}
