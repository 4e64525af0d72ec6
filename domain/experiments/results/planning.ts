import type { AnalysedMetric, AnalysisPlan, MinimumEffect } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { PlanProgress } from "../../../ports/experiments/ExperimentResults.ts"
import { mixtureVariance } from "../../statistics/confidenceSequence.ts"
import { baselineOf, minimumDetectableEffect, powerOf, sampleSize } from "../../statistics/sampleSize.ts"
import type { Looking, Measured } from "../../statistics/sampleSize.ts"
import type { ExperimentEvidence } from "./ExperimentEvidence.ts"
import type { Estimate } from "./estimateMetric.ts"

/** Days of the pace that tells how long it will take. */
const paceDays = 7

/** How a plan's test looks: a belief is taken to look once. */
export const lookingOf = ({ alpha, method, tuning_units }: AnalysisPlan): Looking =>
  method === "sequential"
    ? { at: "any_time", rhoSquared: mixtureVariance({ alpha, tuningUnits: tuning_units }) }
    : { at: "planned_end" }

/** The control alone says how much a metric varies: the observed lift never enters a plan. */
export const measuredOf = ({ kind }: AnalysedMetric, control: Estimate, adjusted: boolean): Measured | undefined => {
  if (typeof control === "string") return undefined
  return kind === "rate" && !adjusted
    ? { kind: "rate", rate: control.mean }
    : { kind: "mean", unitVariance: control.variance * control.count }
}

/** The registered minimum effect as an absolute difference, with the sign of an improvement. */
export const effectOf = (
  { direction, minimum_effect: minimum }: AnalysedMetric,
  control: Estimate
): number | undefined => {
  if (minimum === undefined || typeof control === "string") return undefined
  const size = absoluteSize(minimum, control.mean)
  return direction === "increase" ? size : -size
}

const absoluteSize = ({ kind, value }: MinimumEffect, mean: number): number =>
  kind === "absolute" ? value : value * Math.abs(mean)

/** Units in each arm, from the control's rate and the registered minimum effect (Evan Miller's formula). */
export const unitsNeeded = (
  metric: AnalysedMetric,
  control: Estimate,
  adjusted: boolean,
  { alpha, power }: AnalysisPlan
): number | undefined => {
  const measured = measuredOf(metric, control, adjusted)
  const effect = effectOf(metric, control)
  if (measured === undefined || effect === undefined) return undefined
  const baseline = baselineOf(measured, effect)
  const size = typeof baseline === "string" ? baseline : sampleSize(effect, baseline, { alpha, power })
  return typeof size === "string" ? undefined : size
}

/** Chance that so many units in each arm find the registered minimum effect. */
export const powerNow = (
  metric: AnalysedMetric,
  control: Estimate,
  adjusted: boolean,
  units: number,
  plan: AnalysisPlan
): number | undefined => {
  const measured = measuredOf(metric, control, adjusted)
  const effect = effectOf(metric, control)
  if (measured === undefined || effect === undefined) return undefined
  const baseline = baselineOf(measured, effect)
  const power = typeof baseline === "string" ? baseline : powerOf(effect, baseline, units, plan.alpha, lookingOf(plan))
  return typeof power === "string" ? undefined : power
}

/** Smallest absolute effect that so many units in each arm find. */
export const effectFound = (
  metric: AnalysedMetric,
  control: Estimate,
  adjusted: boolean,
  units: number,
  plan: AnalysisPlan
): number | undefined => {
  const measured = measuredOf(metric, control, adjusted)
  if (measured === undefined) return undefined
  const found = minimumDetectableEffect(measured, units, plan, lookingOf(plan), metric.direction)
  return typeof found === "string" ? undefined : found
}

/** How far the smallest arm is on its way to the planned units; without a plan to those that the first goal needs. */
export const progressOf = (
  { days, fullDays, plan, variants }: ExperimentEvidence,
  needed: number | undefined
): PlanProgress => {
  const planned = plan.planned_units ?? needed
  const running = variants.flatMap(({ weight }, arm) => (weight > 0 ? [arm] : []))
  const smallestOn = (day: number): number =>
    running.length === 0 ? 0 : Math.min(...running.map((arm) => days[day]?.participants[arm] ?? 0))
  const now = smallestOn(days.length - 1)
  const pace = (now - smallestOn(days.length - 1 - paceDays)) / Math.max(1, Math.min(paceDays, days.length))
  if (planned === undefined) return { planned_units: null, share_reached: null, days_left: null, full_days: fullDays }
  const left = Math.max(0, planned - now)
  return {
    planned_units: planned,
    share_reached: Math.min(1, now / planned),
    days_left: left === 0 ? 0 : pace > 0 ? Math.ceil(left / pace) : null,
    full_days: fullDays
  }
}
