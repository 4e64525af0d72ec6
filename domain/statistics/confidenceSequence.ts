import type { ArmEstimate } from "./ArmEstimate.ts"
import type { Interval } from "./Interval.ts"
import { intervalAround } from "./Interval.ts"
import { fiellerInterval } from "./relativeLift.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"
import { incomparable } from "./welch.ts"

/** How a sequence is set up, once, before the first look. */
export interface SequenceDesign {
  /** Level at which the sequence is narrowest around `tuningUnits`. */
  readonly alpha: number
  /** N*: units over both arms around which the interval is narrowest. */
  readonly tuningUnits: number
}

export interface SequentialTest {
  /** Treatment less control. */
  readonly difference: number
  readonly standardError: number
  /** In standard errors; grows slowly with the units. */
  readonly criticalValue: number
  /** Of the absolute difference, valid at every look together. */
  readonly interval: Interval
  /** The smallest level at which the interval of this look excludes 0. */
  readonly pValue: number
  /** Evidence against no difference: 1 / p without the cap at 1 (Vovk and Wang 2021). */
  readonly eValue: number
  /** Of the relative lift, by inversion; excludes 0 exactly where the absolute one does. */
  readonly relativeInterval: Interval | StatisticsRefusal
}

/**
 * ρ² for which the sequence is narrowest around N* (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform central
 * limit theory and asymptotic confidence sequences", 2024, appendix B.2).
 */
export const mixtureVariance = ({ alpha, tuningUnits }: SequenceDesign): number =>
  (-2 * Math.log(alpha) + Math.log1p(-2 * Math.log(alpha))) / tuningUnits

/** Critical value of a two-sided sequence in standard errors (theorem 2.2 there, with s² = n · variance). */
export const sequenceCriticalValue = (units: number, rhoSquared: number, alpha: number): number => {
  const scale = units * rhoSquared
  return Math.sqrt((2 * (scale + 1) * (0.5 * Math.log1p(scale) - Math.log(alpha))) / scale)
}

/** Critical value of a one-sided bound (proposition B.1 there). */
export const oneSidedCriticalValue = (units: number, rhoSquared: number, alpha: number): number => {
  const scale = units * rhoSquared
  return Math.sqrt((2 * (scale + 1) * Math.log1p(Math.sqrt(scale + 1) / (2 * alpha))) / scale)
}

/** Evidence of an estimate z standard errors away from the hypothesis. */
export const sequenceEvidence = (z: number, units: number, rhoSquared: number): number => {
  const scale = units * rhoSquared
  return Math.exp((z * z * scale) / (2 * (scale + 1)) - 0.5 * Math.log1p(scale))
}

/**
 * The absolute difference at one of any number of looks. `level` is where the interval stands (α unless corrected for
 * several comparisons); ρ stays the design's.
 */
export const compareAtAnyTime = (
  control: ArmEstimate,
  treatment: ArmEstimate,
  design: SequenceDesign,
  level: number = design.alpha
): SequentialTest | StatisticsRefusal => {
  const reason = incomparable(control, treatment)
  if (reason !== undefined) return reason
  if (!isDesign(design) || !(level > 0 && level < 1)) return "out_of_range"
  const units = control.count + treatment.count
  const rhoSquared = mixtureVariance(design)
  const difference = treatment.mean - control.mean
  const standardError = Math.sqrt(control.variance + treatment.variance)
  const criticalValue = sequenceCriticalValue(units, rhoSquared, level)
  const eValue = sequenceEvidence(difference / standardError, units, rhoSquared)
  return {
    difference,
    standardError,
    criticalValue,
    interval: intervalAround(difference, criticalValue * standardError),
    pValue: Math.min(1, 1 / eValue),
    eValue,
    relativeInterval: fiellerInterval(control, treatment, criticalValue)
  }
}

export const isDesign = ({ alpha, tuningUnits }: SequenceDesign): boolean =>
  alpha > 0 && alpha < 1 && tuningUnits > 0 && Number.isFinite(tuningUnits)
