import type { ArmEstimate } from "./ArmEstimate.ts"
import type { Interval } from "./Interval.ts"
import { intervalAround } from "./Interval.ts"
import { normalDensity, normalQuantile, normalUpperTail } from "./normal.ts"
import { relativeLift } from "./relativeLift.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"

/** What is believed of an effect: normal with this mean and variance; `undefined` for a prior is the flat one. */
export interface NormalBelief {
  readonly mean: number
  readonly variance: number
}

export interface Verdict {
  /** Chance that the effect is positive. */
  readonly chanceToWin: number
  /** What is lost on average by choosing the control, and by choosing the treatment. */
  readonly risk: { readonly control: number; readonly treatment: number }
  /** Equal-tailed. */
  readonly credibleInterval: Interval
}

/** A normal prior and a normal likelihood, by their precisions. */
export const updateBelief = (effect: NormalBelief, prior: NormalBelief | undefined): NormalBelief => {
  if (prior === undefined) return effect
  const precision = 1 / effect.variance + 1 / prior.variance
  return { mean: (effect.mean / effect.variance + prior.mean / prior.variance) / precision, variance: 1 / precision }
}

/** E[x⁺] for a normal x: σ φ(z) + μ Φ(z), z = μ / σ. */
const expectedGain = (mean: number, deviation: number): number => {
  const z = mean / deviation
  return Math.max(0, deviation * normalDensity(z) + mean * normalUpperTail(-z))
}

/** Chance, risk and credible interval of an effect that is believed to be normal (Stucchio 2015, with normal posteriors). */
export const verdictOf = ({ mean, variance }: NormalBelief, alpha: number): Verdict | StatisticsRefusal => {
  if (!(variance > 0)) return "no_variance"
  if (!(alpha > 0 && alpha < 1)) return "out_of_range"
  const deviation = Math.sqrt(variance)
  return {
    chanceToWin: normalUpperTail(-mean / deviation),
    risk: { control: expectedGain(mean, deviation), treatment: expectedGain(-mean, deviation) },
    credibleInterval: intervalAround(mean, -normalQuantile(alpha / 2) * deviation)
  }
}

/** The verdict on the relative lift of two arms (delta method), with a flat prior unless another is given. */
export const judgeLift = (
  control: ArmEstimate,
  treatment: ArmEstimate,
  alpha: number,
  prior?: NormalBelief
): (Verdict & { readonly lift: number }) | StatisticsRefusal => {
  const relative = relativeLift(control, treatment)
  if (typeof relative === "string") return relative
  const belief = updateBelief({ mean: relative.lift, variance: relative.variance }, prior)
  const verdict = verdictOf(belief, alpha)
  return typeof verdict === "string" ? verdict : { lift: belief.mean, ...verdict }
}
