import { planDefaults, plannedWeeks } from "../../../ports/experiments/ExperimentPlan.ts"
import type { PlannedExperiment, PlanRequest } from "../../../ports/experiments/ExperimentPlan.ts"
import { mixtureVariance } from "../../statistics/confidenceSequence.ts"
import { baselineOf, minimumDetectableEffect, sampleSize } from "../../statistics/sampleSize.ts"
import type { Looking, Measured, TestDemand } from "../../statistics/sampleSize.ts"
import type { StatisticsRefusal } from "../../statistics/StatisticsRefusal.ts"

/** Units that have come to the experiment, of all arms together. */
export interface Arrivals {
  readonly after: (days: number) => number
  /** The first day at whose end so many have come; `undefined` where they never do. */
  readonly daysUntil: (units: number) => number | undefined
}

/** The same number every day. */
const steady = (unitsPerDay: number): Arrivals => ({
  after: (days) => days * unitsPerDay,
  daysUntil: (units) => (unitsPerDay > 0 ? Math.ceil(units / unitsPerDay) : undefined)
})

/** A request with everything that it leaves out. */
interface Plan {
  readonly measured: Measured
  readonly baseline: number
  readonly direction: "increase" | "decrease"
  readonly weights: ReadonlyArray<number>
  readonly arrivals: Arrivals
  readonly demand: TestDemand
  readonly looking: Looking
}

/** Units, effect and days of an experiment, two of them from the one that is given. */
export const planExperiment = (
  request: PlanRequest,
  arrivals: Arrivals = steady(request.units_per_day)
): PlannedExperiment | StatisticsRefusal => {
  const plan = completed(request, arrivals)
  const units = unitsOf(request, plan)
  if (typeof units === "string") return units
  const found = request.goal.given === "effect" ? sizeOf(request.goal.effect, plan) : effectAt(units, plan)
  if (typeof found === "string") return found
  const days = arrivals.daysUntil((units * sumOf(plan.weights)) / Math.min(...plan.weights))
  return {
    units_per_arm: units,
    units: totalUnits(units, plan),
    effect: found,
    lift: liftOf(found, plan),
    days: request.goal.given === "days" ? request.goal.days : (days ?? null),
    comparison_alpha: plan.demand.alpha,
    weeks: weeksOf(plan)
  }
}

const completed = (request: PlanRequest, arrivals: Arrivals): Plan => {
  const { metric } = request
  const asked = { ...planDefaults, ...request }
  const weights = request.weights ?? [1, 1]
  const alpha = asked.alpha / (weights.length - 1)
  // A rate whose variance is adjusted by history is no longer a rate's.
  const variance = metric.kind === "rate" ? metric.rate * (1 - metric.rate) : metric.standard_deviation ** 2
  return {
    measured:
      metric.kind === "rate" && asked.correlation === 0
        ? { kind: "rate", rate: metric.rate }
        : { kind: "mean", unitVariance: variance, correlation: asked.correlation },
    baseline: metric.kind === "rate" ? metric.rate : metric.mean,
    direction: asked.direction,
    weights,
    arrivals,
    demand: { alpha, power: asked.power },
    looking:
      asked.method === "fixed"
        ? { at: "planned_end" }
        : // ρ is that of the experiment's own α, as its results will use it.
          { at: "any_time", rhoSquared: mixtureVariance({ alpha: asked.alpha, tuningUnits: asked.tuning_units }) }
  }
}

/** In the smallest arm. */
const unitsOf = ({ goal }: PlanRequest, plan: Plan): number | StatisticsRefusal => {
  switch (goal.given) {
    case "units":
      return goal.units_per_arm
    case "days":
      return smallestArm(goal.days, plan)
    case "effect": {
      const size = sizeOf(goal.effect, plan)
      if (typeof size === "string") return size
      const difference = plan.direction === "increase" ? size : -size
      const baseline = baselineOf(plan.measured, difference)
      return typeof baseline === "string" ? baseline : sampleSize(difference, baseline, plan.demand, plan.looking)
    }
  }
}

const sizeOf = (
  { kind, value }: Extract<PlanRequest["goal"], { readonly given: "effect" }>["effect"],
  { baseline }: Plan
): number | StatisticsRefusal => {
  if (kind === "absolute") return value
  return baseline === 0 ? "control_is_zero" : value * Math.abs(baseline)
}

const effectAt = (units: number, { demand, direction, looking, measured }: Plan): number | StatisticsRefusal =>
  units < 2 ? "too_few_units" : minimumDetectableEffect(measured, units, demand, looking, direction)

const liftOf = (effect: number, { baseline }: Plan): number | null =>
  baseline === 0 ? null : (100 * effect) / Math.abs(baseline)

const sumOf = (weights: ReadonlyArray<number>): number => weights.reduce((sum, weight) => sum + weight, 0)

const totalUnits = (units: number, { weights }: Plan): number =>
  Math.round((units * sumOf(weights)) / Math.min(...weights))

const smallestArm = (days: number, { arrivals, weights }: Plan): number =>
  Math.floor((arrivals.after(days) * Math.min(...weights)) / sumOf(weights))

const weeksOf = (plan: Plan): PlannedExperiment["weeks"] =>
  Array.from({ length: plannedWeeks }, (_, index) => {
    const units = smallestArm(7 * (index + 1), plan)
    const effect = effectAt(units, plan)
    return typeof effect === "string"
      ? { week: index + 1, units_per_arm: units, effect: null, lift: null }
      : { week: index + 1, units_per_arm: units, effect, lift: liftOf(effect, plan) }
  })
