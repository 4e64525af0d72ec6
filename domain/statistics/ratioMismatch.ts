import { chiSquareUpperTail } from "./chiSquare.ts"
import { logGamma, stirlingRemainder } from "./gamma.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"

/** Below this p an experiment's split is taken to be broken. */
export const mismatchAlpha = 0.001

/** How sharply the second component of the mixture believes in the planned weights. */
const concentration = 10_000

/** ½ ln 2π. */
const halfLogTwoPi = 0.9189385332046727

export interface RatioMismatch {
  /** Smallest 1 / Bayes factor of all looks: valid however often one looks; capped at 1. */
  readonly pValue: number
  readonly mismatch: boolean
  /** Of the last look, the classical test beside it. */
  readonly chiSquare: number
  readonly chiSquarePValue: number
  readonly units: number
}

/**
 * ln of the Bayes factor of a split against the planned one: a 50/50 mixture of Dirichlet(1, …, 1), which sees gross
 * faults after few units, and Dirichlet(10000 · w), which sees small ones after many (Lindon and Malek, "Anytime-valid
 * inference for multinomial count data", 2022, eq. 5).
 */
export const logBayesFactor = (counts: ReadonlyArray<number>, shares: ReadonlyArray<number>): number => {
  const flat = logMarginalRatio(
    counts,
    shares,
    shares.map(() => 1)
  )
  const sharp = logMarginalRatio(
    counts,
    shares,
    shares.map((share) => concentration * share)
  )
  const larger = Math.max(flat, sharp)
  return larger + Math.log((Math.exp(flat - larger) + Math.exp(sharp - larger)) / 2)
}

/**
 * ln of the probability of a sequence with these counts under Dirichlet-distributed shares, less that under the planned
 * shares. With Γ by Stirling's formula the large terms cancel before they are computed, so that a million units leave ten
 * digits.
 */
const logMarginalRatio = (
  counts: ReadonlyArray<number>,
  shares: ReadonlyArray<number>,
  shapes: ReadonlyArray<number>
): number => {
  const shape = shapes.reduce((sum, value) => sum + value, 0)
  const units = counts.reduce((sum, value) => sum + value, 0)
  let sum = stirlingRest(shape) - stirlingRest(shape + units) - (shape - 0.5) * Math.log1p(units / shape)
  for (const [arm, count] of counts.entries()) {
    const prior = shapes[arm]!
    const planned = (shape + units) * shares[arm]!
    sum += count * Math.log1p((prior + count - planned) / planned)
    sum += (prior - 0.5) * Math.log1p(count / prior) + stirlingRest(prior + count) - stirlingRest(prior)
  }
  return sum
}

/** ln Γ(x) − [(x − ½) ln x − x + ½ ln 2π]. */
const stirlingRest = (x: number): number =>
  x >= 10 ? stirlingRemainder(x) : logGamma(x) - ((x - 0.5) * Math.log(x) - x + halfLogTwoPi)

/** Units of a time in which the traffic was shared in one way; counts are cumulative within it, one row per look. */
export interface SplitStep {
  readonly looks: ReadonlyArray<ReadonlyArray<number>>
  readonly weights: ReadonlyArray<number>
}

/**
 * Whether units came to the arms as planned. `looks` are cumulative counts per arm, one row per look; arms of weight 0
 * are left out. The sequential test decides, χ² stands beside it.
 */
export const checkRatio = (
  looks: ReadonlyArray<ReadonlyArray<number>>,
  weights: ReadonlyArray<number>
): RatioMismatch | StatisticsRefusal => checkRatioBySteps([{ looks, weights }])

/**
 * The same where weights change from step to step: Bayes factors of steps multiply, as each step's units are others, and
 * χ² and its degrees of freedom add up.
 */
export const checkRatioBySteps = (steps: ReadonlyArray<SplitStep>): RatioMismatch | StatisticsRefusal => {
  let [evidence, smallest, units, chiSquare, degreesOfFreedom] = [0, 0, 0, 0, 0]
  for (const { looks, weights } of steps) {
    const arms = weights.flatMap((weight, arm) => (weight > 0 ? [arm] : []))
    if (!weights.every((weight) => weight >= 0) || arms.length === 0) return "out_of_range"
    const sum = arms.reduce((total, arm) => total + weights[arm]!, 0)
    const shares = arms.map((arm) => weights[arm]! / sum)
    const rows = looks.map((look) => arms.map((arm) => look[arm] ?? 0))
    for (const row of rows) smallest = Math.min(smallest, -evidence - logBayesFactor(row, shares))
    const last = rows.at(-1)
    const count = (last ?? []).reduce((total, value) => total + value, 0)
    if (last === undefined || count === 0) continue
    evidence += logBayesFactor(last, shares)
    units += count
    chiSquare += chiSquareOf(last, shares)
    degreesOfFreedom += arms.length - 1
  }
  if (units === 0) return "no_units"
  const pValue = Math.exp(smallest)
  const chiSquarePValue = degreesOfFreedom > 0 ? chiSquareUpperTail(chiSquare, degreesOfFreedom) : 1
  return { pValue, mismatch: pValue < mismatchAlpha, chiSquare, chiSquarePValue, units }
}

/** Pearson 1900. */
const chiSquareOf = (counts: ReadonlyArray<number>, shares: ReadonlyArray<number>): number => {
  const units = counts.reduce((total, count) => total + count, 0)
  return counts.reduce((total, count, arm) => {
    const expected = units * shares[arm]!
    return total + (count - expected) ** 2 / expected
  }, 0)
}
