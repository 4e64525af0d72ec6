/** ½ ln 2π. */
const halfLogTwoPi = 0.9189385332046727

/** 1 − γ, γ being Euler's constant. */
const oneMinusEuler = 0.4227843350984671

/** Riemann ζ(k) − 1 for k = 2, 3, …; thirty of them give all digits for |z| ≤ ½. */
const zetaMinusOne = [
  0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993, 0.01734306198444914,
  0.008349277381922827, 0.00407735619794434, 0.0020083928260822143, 0.0009945751278180853, 0.0004941886041194645,
  0.0002460865533080483, 0.00012271334757848915, 6.124813505870483e-5, 3.058823630702049e-5, 1.528225940865187e-5,
  7.637197637899763e-6, 3.81729326499984e-6, 1.908212716553939e-6, 9.539620338727962e-7, 4.769329867878064e-7,
  2.38450502727733e-7, 1.1921992596531106e-7, 5.960818905125948e-8, 2.980350351465228e-8, 1.4901554828365043e-8,
  7.45071178983543e-9, 3.725334024788457e-9, 1.862659723513049e-9, 9.313274324196682e-10, 4.656629065033784e-10
]

/** From here on eight terms of the asymptotic series have all digits. */
const asymptoticFrom = 10

/** B₂ₖ / (2k (2k − 1)). */
const logGammaTerms = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360_360, 1 / 156, -3617 / 122_400]

/** B₂ₖ / 2k. */
const digammaTerms = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32_760, 1 / 12, -3617 / 8160]

/** B₂ₖ. */
const trigammaTerms = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510]

/** Σ termₖ wᵏ by Horner's rule, the first term at w⁰. */
const polynomial = (terms: ReadonlyArray<number>, w: number): number => {
  let sum = 0
  for (let index = terms.length - 1; index >= 0; index--) sum = sum * w + terms[index]!
  return sum
}

/** What Stirling's formula leaves: ln Γ(x) − [(x − ½) ln x − x + ½ ln 2π], for x ≥ 10 (DLMF 5.11.1). */
export const stirlingRemainder = (x: number): number => polynomial(logGammaTerms, 1 / (x * x)) / x

/** ln Γ(2 + z) for |z| ≤ ½, with all digits where it crosses zero (DLMF 5.7.3). */
const logGammaNearTwo = (z: number): number => {
  let sum = 0
  for (let index = zetaMinusOne.length - 1; index >= 0; index--) sum = zetaMinusOne[index]! / (index + 2) - z * sum
  return z * (oneMinusEuler + z * sum)
}

/** ln Γ(x) for x > 0; NaN for others. */
export const logGamma = (x: number): number => {
  if (!(x > 0)) return Number.NaN
  if (x >= asymptoticFrom) return (x - 0.5) * Math.log(x) - x + halfLogTwoPi + stirlingRemainder(x)
  if (x < 0.5) return logGammaNearTwo(x) - Math.log1p(x) - Math.log(x)
  if (x < 1.5) return logGammaNearTwo(x - 1) - Math.log1p(x - 1)
  let product = 1
  let reduced = x
  while (reduced > 2.5) {
    reduced -= 1
    product *= reduced
  }
  return logGammaNearTwo(reduced - 2) + Math.log(product)
}

/** ψ(x) = d ln Γ(x) / dx for x > 0 (DLMF 5.5.2, 5.11.2); NaN for others. */
export const digamma = (x: number): number => {
  if (!(x > 0)) return Number.NaN
  let shifted = x
  let sum = 0
  for (; shifted < asymptoticFrom; shifted++) sum += 1 / shifted
  const w = 1 / (shifted * shifted)
  return Math.log(shifted) - 0.5 / shifted - w * polynomial(digammaTerms, w) - sum
}

/** ψ′(x) for x > 0 (DLMF 5.15.5, 5.15.8); NaN for others. */
export const trigamma = (x: number): number => {
  if (!(x > 0)) return Number.NaN
  let shifted = x
  let sum = 0
  for (; shifted < asymptoticFrom; shifted++) sum += 1 / (shifted * shifted)
  const w = 1 / (shifted * shifted)
  return sum + (1 + 0.5 / shifted + w * polynomial(trigammaTerms, w)) / shifted
}

/**
 * ln B(a, b) for a, b > 0; NaN for others. Where an argument is large, the large parts of the three logarithms are
 * taken off each other before they are computed (DLMF 5.12.1 with 5.11.1).
 */
export const logBeta = (a: number, b: number): number => {
  if (!(a > 0 && b > 0)) return Number.NaN
  const small = Math.min(a, b)
  const large = Math.max(a, b)
  const sum = small + large
  if (large < asymptoticFrom) return logGamma(small) + logGamma(large) - logGamma(sum)
  const remainder = stirlingRemainder(large) - stirlingRemainder(sum)
  const logLargeShare = Math.log1p(-small / sum)
  if (small < asymptoticFrom)
    return logGamma(small) + remainder + small - small * Math.log(sum) + (large - 0.5) * logLargeShare
  return (
    halfLogTwoPi -
    0.5 * Math.log(large) +
    stirlingRemainder(small) +
    remainder +
    (small - 0.5) * Math.log(small / sum) +
    large * logLargeShare
  )
}
