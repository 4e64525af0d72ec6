import type { ArmEstimate } from "./ArmEstimate.ts"

/** Whether more of a metric is better. */
export type Direction = "increase" | "decrease"

/** In standard errors: of a bound on one side at 1 − α, and of an interval at 1 − α. */
export interface GuardrailCriticalValues {
  readonly oneSided: number
  readonly twoSided: number
}

/**
 * `harmed`: all of the interval is beyond the margin. `at_risk`: the bound on the bad side is, so that a change cannot be
 * shipped yet. `safe`: the bound lies within the margin.
 */
export type GuardrailState = "safe" | "at_risk" | "harmed"

/**
 * Where arms do not vary and yet differ (no errors here, nothing but errors there), so many units in each are enough: that
 * ten and ten part by chance has a probability of 1 in 184,756.
 */
const separatedUnitsMin = 10

/**
 * A test of non-inferiority: `margin` is the loss that is put up with, as a share of the control, 0 or more. It is made
 * of what is left of the margin, b − a + m |a| where more is better, whose bounds are those of the relative change by
 * inversion (Fieller 1954), but which also holds for a control of zero.
 */
export const judgeGuardrail = (
  control: ArmEstimate,
  treatment: ArmEstimate,
  direction: Direction,
  margin: number,
  { oneSided, twoSided }: GuardrailCriticalValues
): GuardrailState => {
  const better = direction === "increase" ? 1 : -1
  const left = better * (treatment.mean - control.mean) + margin * Math.abs(control.mean)
  const weight = 1 - better * margin * Math.sign(control.mean)
  const deviation = Math.sqrt(treatment.variance + weight * weight * control.variance)
  if (!(deviation > 0)) {
    const separated = Math.min(control.count, treatment.count) >= separatedUnitsMin
    return left >= 0 ? "safe" : separated ? "harmed" : "at_risk"
  }
  if (left + twoSided * deviation < 0) return "harmed"
  return left - oneSided * deviation < 0 ? "at_risk" : "safe"
}

/** Whether a guardrail stands in the way of shipping. */
export const blocksShipping = (state: GuardrailState): boolean => state !== "safe"
