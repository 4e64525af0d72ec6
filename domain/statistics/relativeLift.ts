import type { ArmEstimate } from "./ArmEstimate.ts"
import type { Interval } from "./Interval.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"
import type { StudentTest } from "./welch.ts"
import { incomparable, studentTest } from "./welch.ts"

export interface RelativeLift {
  /** (treatment − control) / |control|; .25 is a quarter more. */
  readonly lift: number
  /** By the delta method. */
  readonly variance: number
}

/**
 * Relative lift, its variance by the delta method for independent arms: v_B / a² + v_A b² / a⁴ (Deng, Knoblich, Lu 2018,
 * section 3.1).
 */
export const relativeLift = (control: ArmEstimate, treatment: ArmEstimate): RelativeLift | StatisticsRefusal => {
  const reason = incomparable(control, treatment)
  if (reason !== undefined) return reason
  if (control.mean === 0) return "control_is_zero"
  const ratio = treatment.mean / control.mean
  return {
    lift: (treatment.mean - control.mean) / Math.abs(control.mean),
    variance: (treatment.variance + ratio * ratio * control.variance) / (control.mean * control.mean)
  }
}

/** Test and interval of the relative lift by the delta method; for a plan that looks once, not for daily peeking. */
export const compareRelative = (
  control: ArmEstimate,
  treatment: ArmEstimate,
  alpha: number
): StudentTest | StatisticsRefusal => {
  const relative = relativeLift(control, treatment)
  if (typeof relative === "string") return relative
  if (!(relative.variance > 0)) return "no_variance"
  return studentTest(control, treatment, relative.lift, Math.sqrt(relative.variance), alpha)
}

/**
 * The relative lifts that the data do not contradict at the critical value of the absolute difference: all λ with
 * |b − (1 + λ) a| ≤ c √(v_B + (1 + λ)² v_A) (Fieller, "Some problems in interval estimation", 1954). It excludes 0 exactly
 * where the absolute difference is beyond c standard errors.
 */
export const fiellerInterval = (
  control: ArmEstimate,
  treatment: ArmEstimate,
  criticalValue: number
): Interval | StatisticsRefusal => {
  const reason = incomparable(control, treatment)
  if (reason !== undefined) return reason
  if (!(criticalValue >= 0)) return "out_of_range"
  if (control.mean === 0) return "control_is_zero"
  const square = criticalValue * criticalValue
  const leading = control.mean * control.mean - square * control.variance
  if (!(leading > 0)) return "control_near_zero"
  const inner =
    control.variance * treatment.mean * treatment.mean +
    treatment.variance * control.mean * control.mean -
    square * control.variance * treatment.variance
  const root = criticalValue * Math.sqrt(Math.max(0, inner))
  // Both ends less one, so that small lifts keep their digits.
  const middle = control.mean * (treatment.mean - control.mean) + square * control.variance
  const ends: Interval = [(middle - root) / leading, (middle + root) / leading]
  return control.mean > 0 ? ends : [-ends[1], -ends[0]]
}
