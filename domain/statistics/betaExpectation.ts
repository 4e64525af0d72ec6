import { logBeta } from "./gamma.ts"

const halvingsMax = 9
const firstStep = 1 / 4
const precision = 1e-14
/** Where the density's logarithm lies this far below zero, nothing is left to add. */
const negligible = 45

/**
 * E[h(p)] for p ~ Beta(a, b) and a function h that is smooth and of one sign on (0, 1), by the trapezoidal rule after
 * the substitution p = ½ (1 + tanh(½ π sinh s)) (Takahasi and Mori 1974). The density is computed in log space, so that
 * a and b may be as small as 10⁻⁶ and as large as 10⁶. `h` gets p, which is 0 where it is less than a number holds.
 */
export const betaExpectation = (a: number, b: number, h: (p: number) => number): number => {
  const logNormal = logBeta(a, b)
  const term = (s: number): number => {
    const steepness = Math.PI * Math.sinh(s)
    const logLeft = steepness > 0 ? -Math.log1p(Math.exp(-steepness)) : steepness - Math.log1p(Math.exp(steepness))
    const logRight = logLeft - steepness
    const density = Math.exp(a * logLeft + b * logRight - logNormal)
    return density === 0 ? 0 : density * h(Math.exp(logLeft)) * Math.PI * Math.cosh(s)
  }
  const reach = (shape: number): number => Math.asinh(Math.max(1, negligible - logNormal) / (Math.PI * shape))
  return trapezoid(term, -reach(a), Math.asinh(Math.log(a / b) / Math.PI), reach(b))
}

/** The integral of `term` from `from` to `to`; one node lies in the middle, so that no peak falls between the nodes. */
const trapezoid = (term: (s: number) => number, from: number, middle: number, to: number): number => {
  const nodes = (first: number, step: number): number => {
    let sum = 0
    for (let s = middle + first; s <= to; s += step) sum += term(s)
    for (let s = middle + first - step; s >= from; s -= step) sum += term(s)
    return sum
  }
  let step = firstStep
  let sum = nodes(0, step)
  let estimate = sum * step
  for (let halving = 0; halving < halvingsMax; halving++) {
    sum += nodes(step / 2, step)
    step /= 2
    const refined = sum * step
    if (Math.abs(refined - estimate) <= precision * Math.abs(refined)) return refined
    estimate = refined
  }
  return estimate
}
