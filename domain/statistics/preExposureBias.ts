import type { ArmEstimate } from "./ArmEstimate.ts"
import { compareMeans } from "./welch.ts"

/** Below this p, corrected for all that is looked at, arms are taken to have differed before. */
export const biasAlpha = 0.001

/** A metric in the time before the first exposure, in the control and in one treatment. */
export interface PriorComparison {
  readonly control: ArmEstimate
  readonly treatment: ArmEstimate
}

export interface PriorBias {
  /** Welch's p, times the number of comparisons (Bonferroni), at most 1; `undefined` where nothing can be compared. */
  readonly adjustedPValue: number | undefined
  readonly biased: boolean
}

/** Whether arms differed already before anybody was exposed: then a difference afterwards tells nothing. */
export const checkPriorBias = (comparisons: ReadonlyArray<PriorComparison>): ReadonlyArray<PriorBias> => {
  const pValues = comparisons.map(({ control, treatment }) => {
    const test = compareMeans(control, treatment, biasAlpha)
    return typeof test === "string" ? undefined : test.pValue
  })
  const looked = pValues.filter((p) => p !== undefined).length
  return pValues.map((p) => {
    if (p === undefined) return { adjustedPValue: undefined, biased: false }
    const adjustedPValue = Math.min(1, p * looked)
    return { adjustedPValue, biased: adjustedPValue < biasAlpha }
  })
}
