import type { ArmEstimate } from "./ArmEstimate.ts"
import type { Interval } from "./Interval.ts"
import { intervalAround } from "./Interval.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"
import { studentQuantile, studentUpperTail } from "./studentT.ts"

export interface StudentTest {
  /** Treatment less control, absolute or relative. */
  readonly effect: number
  readonly standardError: number
  readonly degreesOfFreedom: number
  readonly t: number
  /** Two-sided. */
  readonly pValue: number
  readonly interval: Interval
}

/**
 * Degrees of freedom of the difference of two means with unequal variances (Welch 1947, Satterthwaite 1946), where the
 * arms' variances are those of their means.
 */
export const satterthwaite = (control: ArmEstimate, treatment: ArmEstimate): number => {
  const sum = control.variance + treatment.variance
  const left = control.variance / sum
  const right = treatment.variance / sum
  return 1 / ((left * left) / (control.count - 1) + (right * right) / (treatment.count - 1))
}

/** Why two arms cannot be compared, if they cannot. */
export const incomparable = (control: ArmEstimate, treatment: ArmEstimate): StatisticsRefusal | undefined => {
  if (control.count < 1 || treatment.count < 1) return "no_units"
  if (!(control.variance >= 0 && treatment.variance >= 0)) return "out_of_range"
  return control.variance + treatment.variance > 0 ? undefined : "no_variance"
}

/** Welch's t test of the absolute difference, with its interval at 1 − α. */
export const compareMeans = (
  control: ArmEstimate,
  treatment: ArmEstimate,
  alpha: number
): StudentTest | StatisticsRefusal => {
  const standardError = Math.sqrt(control.variance + treatment.variance)
  return (
    incomparable(control, treatment) ??
    studentTest(control, treatment, treatment.mean - control.mean, standardError, alpha)
  )
}

/**
 * Student's test of an effect with the degrees of freedom of the absolute difference: so that absolute and relative
 * intervals of one comparison are of one breadth.
 */
export const studentTest = (
  control: ArmEstimate,
  treatment: ArmEstimate,
  effect: number,
  standardError: number,
  alpha: number
): StudentTest | StatisticsRefusal => {
  if (!(alpha > 0 && alpha < 1)) return "out_of_range"
  if (control.count < 2 || treatment.count < 2) return "too_few_units"
  const degreesOfFreedom = satterthwaite(control, treatment)
  const t = effect / standardError
  return {
    effect,
    standardError,
    degreesOfFreedom,
    t,
    pValue: 2 * studentUpperTail(Math.abs(t), degreesOfFreedom),
    interval: intervalAround(effect, -studentQuantile(alpha / 2, degreesOfFreedom) * standardError)
  }
}
