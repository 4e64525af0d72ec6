import { Schema } from "effect"
import { CustomerProfile, ExpectedValue, LifetimeModel, ModelRefusal } from "./LifetimeModel.ts"
import { Filter } from "./Question.ts"

export const lifetimePeriodsMax = 100
export const lifetimePeriodsUsual = 12
/** Cohorts and periods behind the last of them, together. */
export const lifetimeBucketsMax = 156
/** A year. */
export const horizonWeeksUsual = 52

export const LifetimeInterval = Schema.Literals(["week", "month"])

export const LifetimeQuestion = Schema.Struct({
  /** Cohorts begin in it: customers whose first order ever lies in their interval. */
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  time_zone: Schema.optionalKey(Schema.String),
  /** Customers whose first order ever fits, by whatever they bought later. */
  filters: Schema.optionalKey(Filter),
  /** Money is converted into it, order by order; the workspace's by default. */
  currency: Schema.optionalKey(Schema.String),
  /** Cohorts and periods are weeks or months of the zone; months by default. */
  interval: Schema.optionalKey(LifetimeInterval),
  /** Periods behind a cohort's own, 12 by default. */
  periods: Schema.optionalKey(Schema.Int),
  /**
   * Intervals of what customers brought: 95 %, by a bootstrap over them, 500 draws told by query and watermark.
   */
  uncertainty: Schema.optionalKey(Schema.Boolean),
  /** Whether the models are fitted, too; yes by default. */
  predict: Schema.optionalKey(Schema.Boolean),
  /** Last day that the models learn from; by default the day of the newest event. */
  calibration_end: Schema.optionalKey(Schema.String),
  /** Weeks behind that day to predict, 52 by default. */
  horizon_weeks: Schema.optionalKey(Schema.Int),
  /** What comes a week later counts 1 / (1 + rate); 0 by default. */
  weekly_discount_rate: Schema.optionalKey(Schema.Finite),
  /** A customer to predict by the fitted parameters. */
  customer: Schema.optionalKey(CustomerProfile)
}).annotate({
  identifier: "LifetimeQuestion",
  examples: [
    {
      date_range: { from: "2026-01-01", to: "2026-06-30" },
      interval: "month",
      calibration_end: "2026-09-30",
      horizon_weeks: 39,
      weekly_discount_rate: 0.002,
      customer: { frequency: 2, recency_weeks: 30.43, age_weeks: 38.86 }
    }
  ]
})
export type LifetimeQuestion = typeof LifetimeQuestion.Type

/** From the first order to the end of the period. Money is decimal text in the currency. */
export const LifetimePeriod = Schema.Struct({
  orders: Schema.Int,
  refunds: Schema.Int,
  revenue: Schema.String,
  refunded: Schema.String,
  /** Revenue less what was refunded. */
  value: Schema.String,
  /** `null` where the cohort is empty. */
  value_per_customer: Schema.NullOr(Schema.Finite),
  /** Only with `uncertainty`: from where to where they may lie, 95 %; `null` where too few customers tell. */
  intervals: Schema.optionalKey(
    Schema.Struct({
      value: Schema.NullOr(Schema.Tuple([Schema.String, Schema.String])),
      value_per_customer: Schema.NullOr(Schema.Tuple([Schema.Finite, Schema.Finite]))
    })
  ),
  /** Whether the period was over at `as_of`; what is not over may still change. */
  complete: Schema.Boolean
})
export type LifetimePeriod = typeof LifetimePeriod.Type

export const LifetimePrediction = Schema.Struct({
  /** `null` where no event has come. */
  calibration_end: Schema.NullOr(Schema.String),
  horizon_weeks: Schema.Int,
  weekly_discount_rate: Schema.Finite,
  /** BG/NBD: when and how often customers buy. */
  purchases: LifetimeModel.fields.purchases,
  /** Gamma-Gamma: what they spend on a purchase. */
  spend: LifetimeModel.fields.spend,
  /** Of all cohorts together. */
  all: Schema.Union([Schema.Struct({ outcome: Schema.Literal("valued"), ...ExpectedValue.fields }), ModelRefusal]),
  customer: LifetimeModel.fields.profile
}).annotate({ identifier: "LifetimePrediction" })
export type LifetimePrediction = typeof LifetimePrediction.Type

export const LifetimeResult = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  cohorts: Schema.Array(
    Schema.Struct({
      /** First instant of the cohort's interval. */
      start: Schema.String,
      customers: Schema.Int,
      /** Fewer customers than means can be read of. */
      small: Schema.Boolean,
      /** The first is the cohort's own interval; each holds all before it. */
      periods: Schema.Array(LifetimePeriod),
      /** What is still to come, from the day behind `calibration_end` on. */
      predicted: Schema.NullOr(ExpectedValue)
    })
  ),
  prediction: Schema.NullOr(LifetimePrediction),
  currency: Schema.String,
  exchange_rates: Schema.Struct({ source: Schema.String, as_of: Schema.String }),
  /** Arrival of the newest event that is counted. */
  as_of: Schema.NullOr(Schema.String),
  time_zone: Schema.String,
  watermark: Schema.String,
  query_hash: Schema.String,
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
}).annotate({ identifier: "LifetimeResult" })
export type LifetimeResult = typeof LifetimeResult.Type
