import { correlate } from "../statistics/correlation.ts"
import type { Correlation } from "../statistics/correlation.ts"
import { roundSignificant } from "../statistics/significantDigits.ts"
import type { Steps } from "../statistics/steps.ts"
import { fitOf, maximiseFrom, refuseFewRepeaters } from "./Fit.ts"
import type { Fit, FitRefusal } from "./Fit.ts"
import { gammaGammaLikelihood } from "./gammaGammaLikelihood.ts"

/**
 * What a customer spends on a purchase is gamma distributed with shape `p`; its inverse scale is gamma distributed over
 * customers with shape `q` and inverse scale `gamma`, in units of money.
 */
export interface GammaGammaParameters {
  readonly p: number
  readonly q: number
  /** Money, in the currency's main unit. */
  readonly gamma: number
}

/** How often a customer bought again (x) and what was spent on it on average (z̄), in the currency's main unit. */
export interface RepeatSpend {
  readonly frequency: number
  readonly meanSpend: number
}

export interface SpendIndependence extends Correlation {
  /** The model takes spend and frequency as independent; the data say that they are not. */
  readonly dependent: boolean
}

export interface GammaGammaFit extends Fit<GammaGammaParameters> {
  readonly independence: SpendIndependence
}

/** Correlations from here on are of medium size (Cohen 1988, Statistical Power Analysis, section 3.2) … */
export const dependentFrom = 0.3

/** … and count where chance alone makes one so large more seldom than this. */
export const dependentPValueMax = 0.01

/** Of the logarithms of p, q and γ in mean spends: beyond it, parameters stand for a limit and not for a number. */
const box = { low: -12, high: 12 }

/** (p, q, γ in mean spends), tried in turn. */
const starts = [
  [2, 3, 1],
  [6, 4, 0.5],
  [1, 1.5, 2],
  [20, 20, 1]
].map((start) => start.map(Math.log))

/**
 * Fits Gamma-Gamma by maximum likelihood (Fader and Hardie 2013, "The Gamma-Gamma Model of Monetary Value") over those
 * who bought again and spent something on it; others are passed over. Equal data in whatever order give equal bits.
 * Refuses fewer than `repeatersMin` of them, and what is no summary: a frequency that is no count, a spend that is
 * negative or not finite.
 */
export function* fitGammaGamma(spends: ReadonlyArray<RepeatSpend>): Steps<GammaGammaFit | FitRefusal> {
  const index = spends.findIndex(({ frequency, meanSpend }) => {
    return !(Number.isSafeInteger(frequency) && frequency >= 0 && meanSpend >= 0 && Number.isFinite(meanSpend))
  })
  if (index >= 0) return { outcome: "refused", reason: "invalid_summary", index }
  const groups = groupSpends(spends)
  const repeaters = groups.reduce((sum, { meanSpends }) => sum + meanSpends.length, 0)
  const refusal = refuseFewRepeaters(repeaters)
  if (refusal !== undefined) return refusal
  yield undefined
  const unit = groups.reduce((sum, { meanSpends }) => sum + sumOf(meanSpends), 0) / repeaters
  const objective = gammaGammaLikelihood(
    groups.map(({ frequency, meanSpends }) => ({
      frequency,
      totals: meanSpends.map((meanSpend) => (frequency * meanSpend) / unit)
    }))
  )
  const maximum = yield* maximiseFrom(objective, starts, box)
  // Densities are per unit of money, whatever the unit of the search.
  const value = maximum.value - repeaters * Math.log(unit)
  const fit = fitOf({ ...maximum, value }, { p: 1, q: 1, gamma: unit }, { customers: spends.length, repeaters })
  return { ...fit, independence: independence(groups) }
}

interface Spenders {
  readonly frequency: number
  /** Ascending. */
  readonly meanSpends: Float64Array
}

/** Those who bought again and spent something on it, by frequency, ascending. */
const groupSpends = (spends: ReadonlyArray<RepeatSpend>): ReadonlyArray<Spenders> => {
  const groups = new Map<number, Array<number>>()
  for (const { frequency, meanSpend } of spends) {
    if (frequency === 0 || meanSpend === 0) continue
    const group = groups.get(frequency)
    if (group === undefined) groups.set(frequency, [meanSpend])
    else group.push(meanSpend)
  }
  return [...groups]
    .toSorted(([a], [b]) => a - b)
    .map(([frequency, group]) => ({ frequency, meanSpends: Float64Array.from(group).sort() }))
}

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0)

const independence = (groups: ReadonlyArray<Spenders>): SpendIndependence => {
  const { coefficient, pValue } = correlate(
    groups.flatMap(({ frequency, meanSpends }) => Array.from(meanSpends, () => frequency)),
    groups.flatMap(({ meanSpends }) => [...meanSpends])
  )
  if (coefficient === undefined || pValue === undefined) return { coefficient, pValue, dependent: false }
  return {
    coefficient: roundSignificant(coefficient),
    pValue: roundSignificant(pValue),
    dependent: Math.abs(coefficient) >= dependentFrom && pValue <= dependentPValueMax
  }
}

/**
 * E[M | x, z̄]: what the customer is expected to spend on a purchase, between own mean and everybody's (Fader and Hardie
 * 2013, equation 5); everybody's mean p γ / (q − 1) for x = 0. `undefined` where the parameters give no finite mean
 * (p x + q ≤ 1).
 */
export const expectedSpend = (
  { gamma, p, q }: GammaGammaParameters,
  { frequency, meanSpend }: RepeatSpend
): number | undefined => {
  const shape = p * frequency + q - 1
  return shape > 0 ? (p * (gamma + (frequency === 0 ? 0 : frequency * meanSpend))) / shape : undefined
}
