import { incompleteGamma } from "./incompleteGamma.ts"

const refinements = 3

/** Density of the standard normal distribution. */
export const normalDensity = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)

/** Share of the standard normal distribution at or below z: ½ erfc(−z / √2) (DLMF 7.11.2), with all digits in the left tail. */
export const normalCumulative = (z: number): number => {
  const { lower, upper } = incompleteGamma(0.5, 0.5 * z * z)
  return z < 0 ? 0.5 * upper : 0.5 + 0.5 * lower
}

/** Share of the standard normal distribution above z, with all digits in the right tail. */
export const normalUpperTail = (z: number): number => normalCumulative(-z)

/** First guess for an upper tail of at most ½, off by less than 4.5e-4 (Abramowitz and Stegun 26.2.23). */
const guess = (tail: number): number => {
  const t = Math.sqrt(-2 * Math.log(tail))
  return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
}

/** The z at or below which the share p of the standard normal distribution lies; ±∞ for 0 and 1, NaN outside. */
export const normalQuantile = (p: number): number => {
  if (!(p >= 0 && p <= 1)) return Number.NaN
  if (p > 0.5) return p === 1 ? Number.POSITIVE_INFINITY : normalUpperQuantile(1 - p)
  return -normalUpperQuantile(p)
}

/** The z above which the share `tail` (at most ½) lies, by Halley's method. */
const normalUpperQuantile = (tail: number): number => {
  if (tail === 0) return Number.POSITIVE_INFINITY
  let z = guess(tail)
  for (let step = 0; step < refinements; step++) {
    const excess = (normalUpperTail(z) - tail) / normalDensity(z)
    if (!Number.isFinite(excess)) break
    z += (2 * excess) / (2 - excess * z)
  }
  return z
}
