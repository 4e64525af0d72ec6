import { betaExpectation } from "../statistics/betaExpectation.ts"
import type { BgNbdParameters } from "./BgNbdParameters.ts"
import type { RecencyFrequency } from "./CustomerSummary.ts"

/** Where the series below would be long, or its first term less than a number holds, the integral takes over. */
const seriesShareMax = 0.9
const seriesLogFirstMin = -600
const precision = 1e-17

/**
 * P(alive | x, t_x, T): the chance that a customer with this summary has not left for good (Fader, Hardie and Lee 2008,
 * "Computing P(alive) Using the BG/NBD Model"); 1 without a second purchase, since the model has customers leave after
 * repeat purchases only.
 */
export const probabilityAlive = (
  { a, alpha, b, r }: BgNbdParameters,
  { ageWeeks, frequency, recencyWeeks }: RecencyFrequency
): number => {
  if (frequency === 0) return 1
  const logSilence = (r + frequency) * Math.log1p((ageWeeks - recencyWeeks) / (alpha + recencyWeeks))
  return 1 / (1 + Math.exp(Math.log(a / (b + frequency - 1)) + logSilence))
}

/** E[Y(t) | x, t_x, T]: purchases in the `weeks` after T (Fader, Hardie and Lee 2005, equation 10). */
export const expectedPurchases = (parameters: BgNbdParameters, summary: RecencyFrequency, weeks: number): number =>
  probabilityAlive(parameters, summary) * expectedPurchasesAlive(parameters, summary, weeks)

/** E[X(t)]: repeat purchases of any customer in the `weeks` after the first purchase (the same, equation 9). */
export const expectedPurchasesOfNewCustomer = (parameters: BgNbdParameters, weeks: number): number =>
  expectedPurchasesAlive(parameters, { frequency: 0, ageWeeks: 0 }, weeks)

/**
 * Purchases expected in the `weeks` after T of a customer who has not left by then. The papers give
 *
 *     (a + b + x − 1) / (a − 1) · [1 − (1 − z)^(r+x) ₂F₁(r + x, b + x; a + b + x − 1; z)],  z = t / (α + T + t),
 *
 * which loses its digits near a = 1 and a + b + x = 1 and for small t. The same value without a difference: purchases of
 * one who never leaves are negative binomial, P(K = k) = (r+x)_k / k! · (1 − z)^(r+x) z^k, and the j-th of them takes
 * place if he has not left after one before, so that it is
 *
 *     Σ_k P(K = k) Σ_{j<k} (b + x)_j / (a + b + x)_j.
 */
export const expectedPurchasesAlive = (
  { a, alpha, b, r }: BgNbdParameters,
  { ageWeeks, frequency }: Pick<RecencyFrequency, "ageWeeks" | "frequency">,
  weeks: number
): number => {
  if (weeks === 0) return 0
  const shape = r + frequency
  const stay = b + frequency
  const ratio = weeks / (alpha + ageWeeks)
  const z = ratio / (1 + ratio)
  const logFirst = -shape * Math.log1p(ratio)
  if (z > seriesShareMax || logFirst < seriesLogFirstMin) return byIntegral(shape, a, stay, ratio)
  let probability = Math.exp(logFirst)
  let purchase = 1
  let purchases = 0
  let sum = 0
  for (let k = 1; ; k++) {
    const factor = ((shape + k - 1) / k) * z
    probability *= factor
    purchases += purchase
    purchase *= (stay + k - 1) / (a + stay + k - 1)
    const term = probability * purchases
    sum += term
    // What follows is less than twice a geometric series of the larger of this factor and its limit, z.
    const rest = Math.max(factor, z) * (1 + 1 / k)
    if (rest < 1 && term / (1 - rest) < sum * precision) return sum
  }
}

/**
 * The same for any ratio: who leaves after a purchase with probability p is expected to buy
 * [1 − (1 + p t / (α + T))^−(r+x)] / p times, and p is Beta(a, b + x) distributed.
 */
const byIntegral = (shape: number, a: number, stay: number, ratio: number): number =>
  betaExpectation(a, stay, (p) =>
    p * ratio < Number.MIN_VALUE / Number.EPSILON ? shape * ratio : -Math.expm1(-shape * Math.log1p(p * ratio)) / p
  )
