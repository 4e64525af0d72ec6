import { logGamma } from "./gamma.ts"
import { incompleteGamma } from "./incompleteGamma.ts"
import { normalQuantile } from "./normal.ts"
import { tailQuantile } from "./tailQuantile.ts"

/** Share of the χ² distribution at or below x (DLMF 8.2.4 with a = degrees / 2). */
export const chiSquareCumulative = (x: number, degreesOfFreedom: number): number =>
  incompleteGamma(degreesOfFreedom / 2, x / 2).lower

/** Share of the χ² distribution above x: the p-value of a χ² statistic. */
export const chiSquareUpperTail = (x: number, degreesOfFreedom: number): number =>
  incompleteGamma(degreesOfFreedom / 2, x / 2).upper

const density = (x: number, degreesOfFreedom: number): number => {
  const half = degreesOfFreedom / 2
  return Math.exp((half - 1) * Math.log(x / 2) - x / 2 - logGamma(half)) / 2
}

/** First guess by the cube root being nearly normal (Wilson and Hilferty 1931), by the first term in the far left tail. */
const guess = (p: number, degreesOfFreedom: number): number => {
  const ninth = 2 / (9 * degreesOfFreedom)
  const root = 1 - ninth + normalQuantile(p) * Math.sqrt(ninth)
  if (root > 0.2) return degreesOfFreedom * root ** 3
  const half = degreesOfFreedom / 2
  return 2 * Math.exp((Math.log(p) + logGamma(half + 1)) / half)
}

/** The x at or below which the share p of the χ² distribution lies; 0 and ∞ for p = 0 and 1, NaN outside. */
export const chiSquareQuantile = (p: number, degreesOfFreedom: number): number => {
  if (!(p >= 0 && p <= 1 && degreesOfFreedom > 0)) return Number.NaN
  if (p === 0) return 0
  if (p === 1) return Number.POSITIVE_INFINITY
  const falls = p > 0.5
  const tail = falls ? chiSquareUpperTail : chiSquareCumulative
  return tailQuantile(
    { tail: (x) => tail(x, degreesOfFreedom), density: (x) => density(x, degreesOfFreedom), falls },
    falls ? 1 - p : p,
    guess(p, degreesOfFreedom)
  )
}
