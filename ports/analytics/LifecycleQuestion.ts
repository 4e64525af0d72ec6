import { Schema } from "effect"
import { AggregateBy } from "./Account.ts"
import { EventSelection } from "./FunnelQuestion.ts"
import { RetentionInterval } from "./RetentionQuestion.ts"

export const lifecyclePeriodsMax = 124

export const LifecycleQuestion = Schema.Struct({
  /** Every period that has a part in it is answered whole. */
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  time_zone: Schema.optionalKey(Schema.String),
  as_of: Schema.optionalKey(Schema.Literals(["today", "event"])),
  /** Periods are days, weeks or months of the zone; days by default. */
  interval: Schema.optionalKey(RetentionInterval),
  /** Which events make somebody active; any by default. */
  ...EventSelection.fields,
  /** Whom it counts: people, or accounts of a type. */
  aggregate_by: AggregateBy
}).annotate({
  identifier: "LifecycleQuestion",
  examples: [{ date_range: { from: "2026-09-01", to: "2026-11-22" }, interval: "week", event_types: ["page_view"] }]
})
export type LifecycleQuestion = typeof LifecycleQuestion.Type

/** Whoever is active in a period is in exactly one of its states new, returning and resurrecting. */
export const LifecyclePeriod = Schema.Struct({
  /** First instant of the period. */
  start: Schema.String,
  active: Schema.Int,
  /** Their first ever matching event lies in the period. */
  new: Schema.Int,
  /** Active in the period before, too. */
  returning: Schema.Int,
  /** Active earlier, but not in the period before. */
  resurrecting: Schema.Int,
  /** Active in the period before and not in this one; shown as a negative number. */
  dormant: Schema.Int.check(Schema.isLessThanOrEqualTo(0)),
  /** Whether the period was over at `as_of`; one that is not over may still change. */
  complete: Schema.Boolean
})
export type LifecyclePeriod = typeof LifecyclePeriod.Type

export const LifecycleResult = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  periods: Schema.Array(LifecyclePeriod),
  /** Where accounts are counted: `people` are so many accounts. */
  aggregate_by: Schema.optionalKey(Schema.String),
  /** Arrival of the newest event that is counted. */
  as_of: Schema.NullOr(Schema.String),
  time_zone: Schema.String,
  watermark: Schema.String,
  query_hash: Schema.String,
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
}).annotate({ identifier: "LifecycleResult" })
export type LifecycleResult = typeof LifecycleResult.Type
