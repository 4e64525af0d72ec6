import { logGamma, stirlingRemainder } from "./gamma.ts"
import { log1pMinus } from "./log1pMinus.ts"

const termsMax = 1_000_000
const precision = 1e-16
/** Stands for a zero denominator in a continued fraction (Lentz's method as modified by Thompson and Barnett). */
const tiny = 1e-300

/** ln(xᵃ e⁻ˣ / Γ(a + 1)), for large a by how far x lies from a. */
const logLeadingFactor = (a: number, x: number): number =>
  a < 10
    ? a * Math.log(x) - x - logGamma(a + 1)
    : a * log1pMinus((x - a) / a) - 0.5 * Math.log(2 * Math.PI * a) - stirlingRemainder(a)

/** P(a, x) for x < a + 1 (DLMF 8.11.4). */
const lowerSeries = (a: number, x: number): number => {
  let term = 1
  let sum = 1
  for (let n = 1; n < termsMax; n++) {
    term *= x / (a + n)
    sum += term
    if (term < sum * precision) break
  }
  return sum * Math.exp(logLeadingFactor(a, x))
}

/** Q(a, x) for x ≥ a + 1 (Legendre's continued fraction, DLMF 8.9.2). */
const upperFraction = (a: number, x: number): number => {
  let denominator = x + 1 - a
  let c = 1 / tiny
  let d = 1 / denominator
  let value = d
  for (let n = 1; n < termsMax; n++) {
    const numerator = n * (a - n)
    denominator += 2
    d = 1 / (numerator * d + denominator || tiny)
    c = denominator + numerator / c || tiny
    value *= c * d
    if (Math.abs(c * d - 1) <= precision * 2) break
  }
  return value * a * Math.exp(logLeadingFactor(a, x))
}

/**
 * Regularised incomplete gamma functions: `lower` P(a, x), `upper` Q(a, x) = 1 − P(a, x), for a > 0 and x ≥ 0; NaN for
 * others. Whichever is the smaller keeps its digits. Nine digits or more for ½ ≤ a ≤ 10⁶.
 */
export const incompleteGamma = (a: number, x: number): { readonly lower: number; readonly upper: number } => {
  if (!(a > 0 && x >= 0)) return { lower: Number.NaN, upper: Number.NaN }
  if (x === 0) return { lower: 0, upper: 1 }
  if (x === Number.POSITIVE_INFINITY) return { lower: 1, upper: 0 }
  if (x < a + 1) {
    const lower = lowerSeries(a, x)
    return { lower, upper: 1 - lower }
  }
  const upper = upperFraction(a, x)
  return { lower: 1 - upper, upper }
}
