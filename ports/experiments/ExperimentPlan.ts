import { Schema } from "effect"
import { EventSelection } from "../analytics/FunnelQuestion.ts"
import { ExperimentMetric } from "./Experiment.ts"
import { Percent } from "./FlagFile.ts"
import { analysisDefaults, MetricDirection, MinimumEffect } from "./ExperimentAnalysis.ts"

export const plannedArmsMax = 20
/** Days that a plan looks ahead: a year. */
export const plannedDaysMax = 366
/** Weeks for which a plan tells what could be found. */
export const plannedWeeks = 8

const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

/** What the metric does today. */
export const PlannedMetric = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("rate"), rate: Share }),
  Schema.Struct({
    kind: Schema.Literal("mean"),
    mean: Schema.Finite,
    /** Of a unit. */
    standard_deviation: Schema.Finite.check(Schema.isGreaterThan(0))
  })
]).annotate({ identifier: "PlannedMetric" })

/** What is given: the others are found. */
export const PlanGoal = Schema.Union([
  Schema.Struct({ given: Schema.Literal("effect"), effect: MinimumEffect }),
  Schema.Struct({
    given: Schema.Literal("units"),
    units_per_arm: Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 1_000_000_000 }))
  }),
  Schema.Struct({
    given: Schema.Literal("days"),
    days: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: plannedDaysMax }))
  })
]).annotate({ identifier: "PlanGoal" })

/** How sure a plan is to be. */
const demanded = {
  /** Of the arms, the control first; equal halves by default. */
  weights: Schema.optionalKey(
    Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))).check(
      Schema.isMinLength(2),
      Schema.isMaxLength(plannedArmsMax)
    )
  ),
  /** `sequential` by default: the units at which a sequence finds the effect, which is more than one look needs. */
  method: Schema.optionalKey(Schema.Literals(["sequential", "fixed"])),
  alpha: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0.0001, maximum: 0.5 }))),
  power: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0.5, maximum: 0.999 }))),
  tuning_units: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 10, maximum: 1_000_000_000 })))
}

export const PlanRequest = Schema.Struct({
  metric: PlannedMetric,
  goal: PlanGoal,
  /** Towards which an effect is looked for; `increase` by default. */
  direction: Schema.optionalKey(MetricDirection),
  /** Units a day that the targeting lets in, at the share of traffic that is planned. */
  units_per_day: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)),
  ...demanded,
  /** Between what units do and what they did before: adjusting by it leaves 1 − ρ² of the variance. */
  correlation: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 0.99 })))
}).annotate({
  identifier: "PlanRequest",
  examples: [
    {
      metric: { kind: "rate", rate: 0.2 },
      goal: { given: "effect", effect: { kind: "absolute", value: 0.05 } },
      units_per_day: 400,
      method: "fixed"
    }
  ]
})
export type PlanRequest = typeof PlanRequest.Type

export const planDefaults = {
  ...analysisDefaults,
  method: "sequential",
  direction: "increase",
  correlation: 0
} as const

export const PlannedExperiment = Schema.Struct({
  /** In the arm with the smallest share. */
  units_per_arm: Schema.Int,
  /** Of all arms together. */
  units: Schema.Int,
  /** Absolute, of the metric; the smallest that is found with the demanded power. */
  effect: Schema.Finite,
  /** Of the baseline, in percent; `null` where that is zero. */
  lift: Schema.NullOr(Schema.Finite),
  /** `null` where nobody comes. */
  days: Schema.NullOr(Schema.Int),
  /** Level of each comparison with the control, all of them together at α (Bonferroni). */
  comparison_alpha: Schema.Finite,
  /** What could be found after so many weeks of the same traffic. */
  weeks: Schema.Array(
    Schema.Struct({
      week: Schema.Int,
      units_per_arm: Schema.Int,
      effect: Schema.NullOr(Schema.Finite),
      lift: Schema.NullOr(Schema.Finite)
    })
  )
}).annotate({ identifier: "PlannedExperiment" })
export type PlannedExperiment = typeof PlannedExperiment.Type

/** Days of the past that a plan from live traffic looks at. */
export const historyDaysMax = 90
export const historyDaysUsual = 28

/** The same from the traffic of the last days: who would have entered, and what the metric was for them. */
export const TrafficPlanRequest = Schema.Struct({
  /** With its window, cap and direction; `cuped_days` adjusts by what people did before. */
  metric: ExperimentMetric,
  /** What enters a person into the experiment, the first time that it happens; filters stand for the targeting. */
  trigger: EventSelection,
  goal: PlanGoal,
  /** Whole days before today, 28 by default. */
  history_days: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 7, maximum: historyDaysMax }))),
  /** Share of those people who take part, 100 by default. */
  percent: Schema.optionalKey(Percent),
  ...demanded
}).annotate({
  identifier: "TrafficPlanRequest",
  examples: [
    {
      metric: { id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } }, window_days: 7 },
      trigger: { event_types: ["checkout_started"] },
      goal: { given: "effect", effect: { kind: "relative", value: 0.1 } }
    }
  ]
})
export type TrafficPlanRequest = typeof TrafficPlanRequest.Type

export const TrafficPlan = Schema.Struct({
  traffic: Schema.Struct({
    /** Calendar days of the workspace, both included. */
    from: Schema.String,
    to: Schema.String,
    /** People who entered. */
    people: Schema.Int,
    /** Of them, those who count for the metric: with complete windows, whose window is over. */
    units: Schema.Int,
    /** People who had entered by the end of each day. */
    cumulative: Schema.Array(Schema.Int),
    /** `null` where too few people entered to tell, as the deviation. */
    mean: Schema.NullOr(Schema.Finite),
    /** Of a unit. */
    standard_deviation: Schema.NullOr(Schema.Finite),
    /** With what people did before, where the metric is adjusted by it. */
    correlation: Schema.NullOr(Schema.Finite)
  }),
  /** Days are those in which units come; with complete windows the last ones count a window later. `null`: too few people entered to plan from. */
  plan: Schema.NullOr(PlannedExperiment),
  watermark: Schema.String
}).annotate({ identifier: "TrafficPlan" })
export type TrafficPlan = typeof TrafficPlan.Type
