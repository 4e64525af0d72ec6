import { Schema } from "effect"
import { AggregateBy } from "./Account.ts"
import { EventSelection } from "./FunnelQuestion.ts"
import { Filter } from "./Question.ts"

export const retentionPeriodsMax = 100
export const retentionPeriodsUsual = 12
/** Cohorts and periods behind the last of them, together. */
export const retentionBucketsMax = 126

export const RetentionInterval = Schema.Literals(["day", "week", "month"])

export const RetentionQuestion = Schema.Struct({
  /** Cohorts begin in it. */
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  time_zone: Schema.optionalKey(Schema.String),
  as_of: Schema.optionalKey(Schema.Literals(["today", "event"])),
  /** Cohorts and periods are days, weeks or months of the zone; days by default. */
  interval: Schema.optionalKey(RetentionInterval),
  /** Periods behind a cohort's own, 12 by default. */
  periods: Schema.optionalKey(Schema.Int),
  /** What begins; any event by default. */
  start: Schema.optionalKey(EventSelection),
  /** What counts as coming back; any event by default. */
  return: Schema.optionalKey(EventSelection),
  /** `first_time` (the default): by a person's first ever start event; `recurring`: by the first of each interval. */
  cohorts: Schema.optionalKey(Schema.Literals(["first_time", "recurring"])),
  /** `on` (the default): in that period; `on_or_after`: in that or any later one. */
  returned: Schema.optionalKey(Schema.Literals(["on", "on_or_after"])),
  /** Of the rates of complete periods: by people (`weighted`, the default) or each cohort alike (`simple`). */
  mean: Schema.optionalKey(Schema.Literals(["weighted", "simple"])),
  /** Holds for start and return events. */
  filters: Schema.optionalKey(Filter),
  /** Whom it counts: people, or accounts of a type. */
  aggregate_by: AggregateBy,
  /** Intervals of the means: 95 %, by a bootstrap over the people, 500 draws told by query and watermark. */
  uncertainty: Schema.optionalKey(Schema.Boolean)
}).annotate({
  identifier: "RetentionQuestion",
  examples: [
    {
      date_range: { from: "2026-09-01", to: "2026-11-22" },
      interval: "week",
      start: { event_types: ["user_signed_up"] },
      return: { event_types: ["order_completed"] }
    }
  ]
})
export type RetentionQuestion = typeof RetentionQuestion.Type

export const RetentionPeriod = Schema.Struct({
  people: Schema.Int,
  /** `null` where the cohort is empty. */
  rate: Schema.NullOr(Schema.Finite),
  /** Wilson score interval, 95 %. */
  interval: Schema.NullOr(Schema.Tuple([Schema.Finite, Schema.Finite])),
  /** Whether the period was over at `as_of`; what is not over may still grow. */
  complete: Schema.Boolean
})
export type RetentionPeriod = typeof RetentionPeriod.Type

export const RetentionResult = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  cohorts: Schema.Array(
    Schema.Struct({
      /** First instant of the cohort's interval. */
      start: Schema.String,
      people: Schema.Int,
      /** Fewer people than rates can be read of. */
      small: Schema.Boolean,
      /** The first is the cohort's own interval: those who returned at or behind their start event. */
      periods: Schema.Array(RetentionPeriod)
    })
  ),
  /** By period, over cohorts for which it is complete; `null` where there is none. */
  mean: Schema.Array(Schema.NullOr(Schema.Finite)),
  /** Only with `uncertainty`: from where to where each mean may lie; `null` where too few people tell. */
  mean_intervals: Schema.optionalKey(Schema.Array(Schema.NullOr(Schema.Tuple([Schema.Finite, Schema.Finite])))),
  /** Where accounts are counted: `people` are so many accounts. */
  aggregate_by: Schema.optionalKey(Schema.String),
  /** Arrival of the newest event that is counted. */
  as_of: Schema.NullOr(Schema.String),
  time_zone: Schema.String,
  watermark: Schema.String,
  query_hash: Schema.String,
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
}).annotate({ identifier: "RetentionResult" })
export type RetentionResult = typeof RetentionResult.Type
