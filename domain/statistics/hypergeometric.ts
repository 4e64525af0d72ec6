const termsMax = 2_000_000
const precision = 1e-17
/** The running sum is brought back to one above this; what was taken off is kept as a logarithm. */
const rescaleAbove = 1e250

/**
 * ln ₂F₁(a, b; c; z) for a, b, c > 0 and 0 ≤ z < 1, where every term of Gauss's series is positive (DLMF 15.2.1), so
 * that none cancels; in log space, since the value passes what a number holds when a is a few hundred. NaN outside, and
 * where two million terms do not suffice (z within about 10⁻⁵ of one).
 */
export const logHypergeometric = (a: number, b: number, c: number, z: number): number => {
  if (!(a > 0 && b > 0 && c > 0 && z >= 0 && z < 1)) return Number.NaN
  let term = 1
  let sum = 1
  let logScale = 0
  for (let k = 0; k < termsMax; k++) {
    const ratio = ((a + k) / (c + k)) * ((b + k) / (1 + k)) * z
    term *= ratio
    sum += term
    // What follows is less than a geometric series of the larger of this ratio and its limit, z.
    const rest = Math.max(ratio, z)
    if (rest < 1 && (term * rest) / (1 - rest) < sum * precision) return Math.log(sum) + logScale
    if (sum > rescaleAbove) {
      logScale += Math.log(sum)
      term /= sum
      sum = 1
    }
  }
  return Number.NaN
}
