import { logBeta } from "./gamma.ts"
import { incompleteBeta } from "./incompleteBeta.ts"
import { normalQuantile } from "./normal.ts"
import { tailQuantile } from "./tailQuantile.ts"

/** Closer to one half than this, the density at zero is all that a quantile needs. */
const nearMedian = 1e-6

const density = (t: number, degreesOfFreedom: number): number =>
  Math.exp(
    -((degreesOfFreedom + 1) / 2) * Math.log1p((t * t) / degreesOfFreedom) - logBeta(degreesOfFreedom / 2, 0.5)
  ) / Math.sqrt(degreesOfFreedom)

/** Share of Student's t distribution above t, with all digits in the right tail (Abramowitz and Stegun 26.7.1). */
export const studentUpperTail = (t: number, degreesOfFreedom: number): number => {
  const square = t * t
  const share = degreesOfFreedom / (degreesOfFreedom + square)
  const rest = square === Number.POSITIVE_INFINITY ? 1 : square / (degreesOfFreedom + square)
  const { lower, upper } = incompleteBeta(degreesOfFreedom / 2, 0.5, share, rest)
  return t > 0 ? 0.5 * lower : 0.5 + 0.5 * upper
}

/** Share of Student's t distribution at or below t, with all digits in the left tail. */
export const studentCumulative = (t: number, degreesOfFreedom: number): number => studentUpperTail(-t, degreesOfFreedom)

/** The t at or below which the share p of Student's t distribution lies; ±∞ for p = 0 and 1, NaN outside. */
export const studentQuantile = (p: number, degreesOfFreedom: number): number => {
  if (!(p >= 0 && p <= 1 && degreesOfFreedom > 0)) return Number.NaN
  return p > 0.5 ? upperQuantile(1 - p, degreesOfFreedom) : -upperQuantile(p, degreesOfFreedom)
}

const upperQuantile = (share: number, degreesOfFreedom: number): number => {
  if (share === 0) return Number.POSITIVE_INFINITY
  if (0.5 - share < nearMedian) return (0.5 - share) / density(0, degreesOfFreedom)
  return tailQuantile(
    {
      tail: (t) => studentUpperTail(t, degreesOfFreedom),
      density: (t) => density(t, degreesOfFreedom),
      falls: true
    },
    share,
    -normalQuantile(share)
  )
}
