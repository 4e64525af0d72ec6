import type { BgNbdParameters } from "../BgNbdParameters.ts"
import type { RecencyFrequency } from "../CustomerSummary.ts"
import type { GammaGammaParameters, RepeatSpend } from "../gammaGamma.ts"

/** A sequence of numbers in (0, 1), the same for the same seed (Mulberry32, public domain). */
export type Chance = () => number

export const chance = (seed: number): Chance => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32
  }
}

const normal = (next: Chance): number => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next())

/** Gamma with the shape and unit scale (Marsaglia and Tsang 2000); shapes below one by a power of a uniform. */
export const gamma = (next: Chance, shape: number): number => {
  if (shape < 1) return gamma(next, shape + 1) * next() ** (1 / shape)
  const d = shape - 1 / 3
  for (;;) {
    const z = normal(next)
    const v = (1 + z / Math.sqrt(9 * d)) ** 3
    if (v > 0 && Math.log(next()) < 0.5 * z * z + d - d * v + d * Math.log(v)) return d * v
  }
}

export const beta = (next: Chance, a: number, b: number): number => {
  const left = gamma(next, a)
  return left / (left + gamma(next, b))
}

/** The history of one customer of age `ageWeeks`, as the model tells it: a rate, purchases, a coin after each. */
const history = (next: Chance, { a, alpha, b, r }: BgNbdParameters, ageWeeks: number): RecencyFrequency => {
  const rate = gamma(next, r) / alpha
  const leaves = beta(next, a, b)
  let frequency = 0
  let recencyWeeks = 0
  for (let week = -Math.log(next()) / rate; week <= ageWeeks; week += -Math.log(next()) / rate) {
    frequency += 1
    recencyWeeks = week
    if (next() < leaves) break
  }
  return { frequency, recencyWeeks, ageWeeks }
}

/** Summaries of customers whose ages lie evenly between the two. */
export const simulateHistories = (
  next: Chance,
  parameters: BgNbdParameters,
  {
    agesWeeks: [youngest, oldest],
    customers
  }: { readonly customers: number; readonly agesWeeks: readonly [number, number] }
): ReadonlyArray<RecencyFrequency> =>
  Array.from({ length: customers }, (_, index) =>
    history(next, parameters, youngest + ((oldest - youngest) * index) / customers)
  )

/** Mean spends of customers with one to nine repeat purchases. */
export const simulateSpends = (
  next: Chance,
  { gamma: scale, p, q }: GammaGammaParameters,
  customers: number
): ReadonlyArray<RepeatSpend> =>
  Array.from({ length: customers }, () => {
    const frequency = 1 + Math.floor(9 * next() * next())
    const inverseScale = gamma(next, q) / scale
    return { frequency, meanSpend: gamma(next, p * frequency) / inverseScale / frequency }
  })
