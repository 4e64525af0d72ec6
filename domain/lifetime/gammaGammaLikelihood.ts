import { evaluationOf, noSums } from "../statistics/EvaluationSums.ts"
import type { EvaluationSums } from "../statistics/EvaluationSums.ts"
import { digamma, logBeta, trigamma } from "../statistics/gamma.ts"
import type { Objective } from "../statistics/maximise.ts"

/** What customers with equally many repeat purchases spent on them. */
export interface SpendGroup {
  /** x, at least 1. */
  readonly frequency: number
  /** x z̄ of each customer, above 0, ascending, in units of the fit. */
  readonly totals: Float64Array
}

const customersPerSlice = 4096

/**
 * The Gamma-Gamma log-likelihood of the mean spends z̄ of all repeaters, its gradient and Hessian, over (ln p, ln q, ln γ)
 * (Fader and Hardie 2013, "The Gamma-Gamma Model of Monetary Value", equation 1a), with s = x z̄ grouped as
 *
 *     ln f = −ln B(p x, q) − ln z̄ − q ln(1 + s / γ) − p x ln(1 + γ / s)
 */
export const gammaGammaLikelihood = (groups: ReadonlyArray<SpendGroup>): Objective =>
  function* (point) {
    const [p, q, gamma] = point.map(Math.exp) as [number, number, number]
    const sums = noSums(3)
    for (const { frequency, totals } of groups) {
      addShapes(sums, totals.length, p * frequency, q)
      for (let index = 0; index < totals.length; index++) {
        addSpend(sums, totals[index]!, frequency, p * frequency, q, gamma)
        if (index % customersPerSlice === customersPerSlice - 1) yield undefined
      }
    }
    return evaluationOf(sums)
  }

/** −ln B(p x, q) for the customers of one group; `px` is p x. */
const addShapes = (sums: EvaluationSums, customers: number, px: number, q: number): void => {
  const { gradient, hessian } = sums
  const slope = digamma(px + q)
  const curve = trigamma(px + q)
  const byP = px * (slope - digamma(px))
  const byQ = q * (slope - digamma(q))
  sums.value -= customers * logBeta(px, q)
  gradient[0]! += customers * byP
  gradient[1]! += customers * byQ
  hessian[0]! += customers * (byP + px * px * (curve - trigamma(px)))
  hessian[3]! += customers * px * q * curve
  hessian[4]! += customers * (byQ + q * q * (curve - trigamma(q)))
}

/** −ln z̄ − q ln(1 + s / γ) − p x ln(1 + γ / s) of one customer; `px` is p x. */
const addSpend = (
  sums: EvaluationSums,
  total: number,
  frequency: number,
  px: number,
  q: number,
  gamma: number
): void => {
  const { gradient, hessian } = sums
  const above = Math.log1p(total / gamma)
  const below = Math.log1p(gamma / total)
  const share = gamma / (gamma + total)
  sums.value -= Math.log(total / frequency) + q * above + px * below
  gradient[0]! -= px * below
  gradient[1]! -= q * above
  gradient[2]! += q * (1 - share) - px * share
  hessian[0]! -= px * below
  hessian[4]! -= q * above
  hessian[6]! -= px * share
  hessian[7]! += q * (1 - share)
  hessian[8]! -= (q + px) * share * (1 - share)
}
