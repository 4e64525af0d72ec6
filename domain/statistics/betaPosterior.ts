import { betaExpectation } from "./betaExpectation.ts"
import { findRoot } from "./findRoot.ts"
import { logBeta } from "./gamma.ts"
import { incompleteBeta } from "./incompleteBeta.ts"
import type { Interval } from "./Interval.ts"
import { normalQuantile } from "./normal.ts"
import type { Proportion } from "./pooledProportions.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"
import { tailQuantile } from "./tailQuantile.ts"

/** What is believed of a rate: Beta(a, b). */
export interface BetaBelief {
  readonly a: number
  readonly b: number
}

/** Every rate as likely as every other. */
export const flatBelief: BetaBelief = { a: 1, b: 1 }

/** Far beyond any lift that data can tell from infinite. */
const ratioMax = 1e9

const deviatesMax = 40
const precision = 1e-13

/** The belief after so many trials (Beta-Binomial conjugacy). */
export const learn = (
  { successes, trials }: Proportion,
  prior: BetaBelief = flatBelief
): BetaBelief | StatisticsRefusal =>
  successes >= 0 && successes <= trials && prior.a > 0 && prior.b > 0
    ? { a: prior.a + successes, b: prior.b + trials - successes }
    : "out_of_range"

export const beliefMean = ({ a, b }: BetaBelief): number => a / (a + b)

/** Chance that the treatment's rate is higher: E[I_q(a_A, b_A)] over the treatment's rate q, by quadrature. */
export const chanceToBeat = (control: BetaBelief, treatment: BetaBelief): number =>
  betaExpectation(treatment.a, treatment.b, (q) => incompleteBeta(control.a, control.b, Math.min(1, q)).lower)

/**
 * What is lost on average, in absolute rate, by choosing the one where the other is better: E[(other − chosen)⁺] (Stucchio,
 * "Bayesian A/B testing at VWO", 2015, section 5), as E[other] P(other⁺ > chosen) − E[chosen] P(other > chosen⁺) where ⁺
 * has one success more.
 */
export const expectedLoss = (chosen: BetaBelief, other: BetaBelief): number =>
  Math.max(
    0,
    beliefMean(other) * chanceToBeat(chosen, { a: other.a + 1, b: other.b }) -
      beliefMean(chosen) * chanceToBeat({ a: chosen.a + 1, b: chosen.b }, other)
  )

/** Equal-tailed credible interval of a rate. */
export const beliefInterval = (belief: BetaBelief, alpha: number): Interval => [
  beliefQuantile(belief, alpha / 2),
  1 - beliefQuantile({ a: belief.b, b: belief.a }, alpha / 2)
]

/** The rate below which the share lies, by Newton's method on the odds. */
export const beliefQuantile = ({ a, b }: BetaBelief, share: number): number => {
  const logNormal = logBeta(a, b)
  const odds = tailQuantile(
    {
      tail: (x) => incompleteBeta(a, b, x / (1 + x), 1 / (1 + x)).lower,
      density: (x) => Math.exp((a - 1) * Math.log(x) - (a + b) * Math.log1p(x) - logNormal),
      falls: false
    },
    share,
    a / b
  )
  return odds / (1 + odds)
}

/**
 * Equal-tailed credible interval of the relative lift q / p − 1. Each quantile integrates over the one of the two rates
 * on whose whole range the other's distribution is smooth.
 */
export const liftInterval = (control: BetaBelief, treatment: BetaBelief, alpha: number): Interval => [
  ratioQuantile(control, treatment, alpha / 2) - 1,
  ratioQuantile(control, treatment, 1 - alpha / 2) - 1
]

/** The r with P(q / p ≤ r) = share; ∞ where it lies beyond what can be told. */
const ratioQuantile = (control: BetaBelief, treatment: BetaBelief, share: number): number => {
  const below = (ratio: number): number =>
    ratio >= 1
      ? betaExpectation(
          treatment.a,
          treatment.b,
          (q) => incompleteBeta(control.a, control.b, Math.min(1, q / ratio)).upper
        )
      : betaExpectation(
          control.a,
          control.b,
          (p) => incompleteBeta(treatment.a, treatment.b, Math.min(1, p * ratio)).lower
        )
  const middle = Math.log(beliefMean(treatment) / beliefMean(control))
  const spread = Math.sqrt(logVariance(control) + logVariance(treatment))
  // On the scale of normal deviates the distribution is nearly a straight line, which takes few steps.
  const deviate = normalQuantile(share)
  const excess = (logRatio: number): number => deviateOf(below(Math.exp(logRatio))) - deviate
  for (let reach = 4; reach * spread < 2 * Math.log(ratioMax); reach *= 2) {
    const root = findRoot(excess, middle - reach * spread, middle + reach * spread, precision)
    if (root !== undefined) return Math.exp(root)
  }
  return share > 0.5 ? Number.POSITIVE_INFINITY : 0
}

/** A share that rounds to nothing or all is far out, but not infinitely far. */
const deviateOf = (share: number): number =>
  Math.max(-deviatesMax, Math.min(deviatesMax, normalQuantile(Math.min(1, Math.max(0, share)))))

/** Roughly the variance of a rate's logarithm. */
const logVariance = ({ a, b }: BetaBelief): number => b / (a * (a + b + 1))
