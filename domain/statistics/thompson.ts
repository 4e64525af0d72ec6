import type { BetaBelief } from "./betaPosterior.ts"
import { betaExpectation } from "./betaExpectation.ts"
import { incompleteBeta } from "./incompleteBeta.ts"
import { normalCumulative, normalDensity } from "./normal.ts"
import type { NormalBelief } from "./normalPosterior.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"

/** Reach and step of the trapezoidal rule over a normal density; the rule converges faster than any power of the step. */
const deviationsMax = 9
const stepsPerDeviation = 16

/**
 * Chance of each arm to have the highest rate: what Thompson sampling gives it (Thompson 1933), by quadrature instead of
 * draws, so that equal data give equal weights.
 */
export const bestRateChances = (beliefs: ReadonlyArray<BetaBelief>): ReadonlyArray<number> =>
  normalised(
    beliefs.map(({ a, b }, arm) =>
      betaExpectation(a, b, (p) =>
        beliefs.reduce(
          (product, other, index) =>
            index === arm ? product : product * incompleteBeta(other.a, other.b, Math.min(1, p)).lower,
          1
        )
      )
    )
  )

/** The same for means that are believed to be normal. An arm of which nothing is known yet has no belief to give here. */
export const bestMeanChances = (beliefs: ReadonlyArray<NormalBelief>): ReadonlyArray<number> | StatisticsRefusal => {
  if (!beliefs.every(({ variance }) => variance > 0)) return "no_variance"
  // The step follows the narrowest of the arms, whose distribution function is steepest.
  const narrowest = Math.min(...beliefs.map(({ variance }) => variance))
  return normalised(
    beliefs.map(({ mean, variance }, arm) => {
      const deviation = Math.sqrt(variance)
      const steps = Math.ceil(stepsPerDeviation * Math.min(stepsRatioMax, Math.sqrt(variance / narrowest)))
      let sum = 0
      for (let index = -deviationsMax * steps; index <= deviationsMax * steps; index++) {
        const z = index / steps
        const value = mean + z * deviation
        sum += beliefs.reduce(
          (product, other, position) =>
            position === arm ? product : product * normalCumulative((value - other.mean) / Math.sqrt(other.variance)),
          normalDensity(z)
        )
      }
      return sum / steps
    })
  )
}

/** An arm that is this much better known than another is as good as a constant to it. */
const stepsRatioMax = 64

/**
 * Shares of the traffic: every arm keeps at least `minimumShare`, the rest follows the chances. The share is logged with
 * every assignment, as the probability that the estimates weigh by.
 */
export const trafficShares = (
  chances: ReadonlyArray<number>,
  minimumShare: number
): ReadonlyArray<number> | StatisticsRefusal => {
  if (!(minimumShare > 0 && minimumShare * chances.length <= 1)) return "out_of_range"
  const free = 1 - minimumShare * chances.length
  return chances.map((chance) => minimumShare + free * chance)
}

const normalised = (chances: ReadonlyArray<number>): ReadonlyArray<number> => {
  const sum = chances.reduce((total, chance) => total + chance, 0)
  return chances.map((chance) => (sum > 0 ? chance / sum : 1 / chances.length))
}
