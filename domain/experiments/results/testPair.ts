import type { AnalysisPlan } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { ResultRefusal } from "../../../ports/experiments/ExperimentResults.ts"
import type { Interval } from "../../statistics/Interval.ts"
import {
  compareAtAnyTime,
  isDesign,
  mixtureVariance,
  oneSidedCriticalValue,
  sequenceCriticalValue
} from "../../statistics/confidenceSequence.ts"
import type { SequenceDesign } from "../../statistics/confidenceSequence.ts"
import { newcombeInterval } from "../../statistics/newcombe.ts"
import { comparePooled } from "../../statistics/pooledProportions.ts"
import { compareRelative, fiellerInterval } from "../../statistics/relativeLift.ts"
import type { GuardrailCriticalValues } from "../../statistics/guardrail.ts"
import { studentQuantile } from "../../statistics/studentT.ts"
import { compareMeans, satterthwaite } from "../../statistics/welch.ts"
import type { ArmPair } from "./ArmPair.ts"

/** A pair tested in one way: p does not depend on the level, the intervals do. */
export interface PairTest {
  readonly pValue: number
  /** Evidence; `undefined` where the test gives none. */
  readonly eValue: number | undefined
  readonly difference: Interval
  /** A share of the control; `undefined` where the control is not told from zero. */
  readonly lift: Interval | undefined
}

/** Looks once: rates by the pooled z test with Newcombe's interval, all else by Welch's; the lift by the delta method. */
export const testFixed = (pair: ArmPair, level: number): PairTest | ResultRefusal => {
  const { allocation, control, proportions, treatment } = pair
  if (allocation !== "even") return "adaptive_allocation"
  if (typeof control === "string") return control
  if (typeof treatment === "string") return treatment
  const relative = compareRelative(control, treatment, level)
  const lift = typeof relative === "string" ? undefined : relative.interval
  if (proportions === undefined) {
    const test = compareMeans(control, treatment, level)
    if (typeof test === "string") return test
    return { pValue: test.pValue, eValue: undefined, difference: test.interval, lift }
  }
  const test = comparePooled(proportions.control, proportions.treatment)
  if (typeof test === "string") return test
  const difference = newcombeInterval(proportions.control, proportions.treatment, level)
  return typeof difference === "string" ? difference : { pValue: test.pValue, eValue: undefined, difference, lift }
}

/** Holds at every look together; where shares followed results, of estimates that weigh by them alone. */
export const testAnyTime = (
  { allocation, control, treatment }: ArmPair,
  design: SequenceDesign,
  level: number
): PairTest | ResultRefusal => {
  if (allocation === "untested") return "adaptive_allocation"
  if (typeof control === "string") return control
  if (typeof treatment === "string") return treatment
  const test = compareAtAnyTime(control, treatment, design, level)
  if (typeof test === "string") return test
  const { relativeInterval } = test
  return {
    pValue: test.pValue,
    eValue: test.eValue,
    difference: test.interval,
    lift: typeof relativeInterval === "string" ? undefined : relativeInterval
  }
}

/** Lifts whose ends each hold by themselves at 1 − α: a one-sided bound on either side. */
export const oneSidedLifts = (
  pair: ArmPair,
  design: SequenceDesign,
  looking: "once" | "any_time"
): Interval | undefined => {
  const { allocation, control, treatment } = pair
  if (allocation === "untested") return undefined
  if (typeof control === "string" || typeof treatment === "string" || !isDesign(design)) return undefined
  if (looking === "once") {
    const test = compareRelative(control, treatment, Math.min(0.999, 2 * design.alpha))
    return typeof test === "string" ? undefined : test.interval
  }
  const units = control.count + treatment.count
  const critical = oneSidedCriticalValue(units, mixtureVariance(design), design.alpha)
  const interval = fiellerInterval(control, treatment, critical)
  return typeof interval === "string" ? undefined : interval
}

/**
 * How far bounds of this pair lie from its difference, in standard errors; `undefined` where units are too few for any. Two
 * arms that do not vary have no degrees of freedom, and no bounds either.
 */
export const criticalValuesOf = (
  { allocation, control, treatment }: ArmPair,
  { alpha, method, tuning_units }: AnalysisPlan
): GuardrailCriticalValues | undefined => {
  if (allocation === "untested") return undefined
  if (typeof control === "string" || typeof treatment === "string") return undefined
  if (method === "sequential") {
    const units = control.count + treatment.count
    const rhoSquared = mixtureVariance({ alpha, tuningUnits: tuning_units })
    return {
      oneSided: oneSidedCriticalValue(units, rhoSquared, alpha),
      twoSided: sequenceCriticalValue(units, rhoSquared, alpha)
    }
  }
  if (control.count < 2 || treatment.count < 2) return undefined
  if (control.variance + treatment.variance === 0) return { oneSided: 0, twoSided: 0 }
  const degreesOfFreedom = satterthwaite(control, treatment)
  return {
    oneSided: -studentQuantile(alpha, degreesOfFreedom),
    twoSided: -studentQuantile(alpha / 2, degreesOfFreedom)
  }
}
