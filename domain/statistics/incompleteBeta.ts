import { logBeta } from "./gamma.ts"

const termsMax = 1_000_000
const precision = 2e-16
/** Stands for a zero denominator in a continued fraction (Lentz's method as modified by Thompson and Barnett). */
const tiny = 1e-300

/** The logarithm of the smaller of a share and its rest is exact enough; the larger's comes from the smaller. */
const logShare = (share: number, rest: number): number => (share < rest ? Math.log(share) : Math.log1p(-rest))

/** Iₓ(a, b) where x lies left of the distribution's middle (DLMF 8.17.22). */
const fraction = (a: number, b: number, x: number, rest: number): number => {
  let c = 1
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny)
  let value = d
  for (let m = 1; m < termsMax; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / (1 + even * d || tiny)
    c = 1 + even / c || tiny
    value *= c * d
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / (1 + odd * d || tiny)
    c = 1 + odd / c || tiny
    value *= c * d
    if (Math.abs(c * d - 1) <= precision) break
  }
  return (value / a) * Math.exp(a * logShare(x, rest) + b * logShare(rest, x) - logBeta(a, b))
}

/**
 * Regularised incomplete beta functions: `lower` Iₓ(a, b), `upper` 1 − Iₓ(a, b), for a, b > 0 and 0 ≤ x ≤ 1; NaN for
 * others. Whoever knows 1 − x with more digits than the subtraction leaves gives it as `rest`. Nine digits or more for
 * a, b between 10⁻² and 10⁶.
 */
export const incompleteBeta = (
  a: number,
  b: number,
  x: number,
  rest = 1 - x
): { readonly lower: number; readonly upper: number } => {
  if (!(a > 0 && b > 0 && x >= 0 && rest >= 0)) return { lower: Number.NaN, upper: Number.NaN }
  if (x === 0) return { lower: 0, upper: 1 }
  if (rest === 0) return { lower: 1, upper: 0 }
  if (x <= (a + 1) / (a + b + 2)) {
    const lower = fraction(a, b, x, rest)
    return { lower, upper: 1 - lower }
  }
  const upper = fraction(b, a, rest, x)
  return { lower: 1 - upper, upper }
}
