import { Schema } from "effect"
import { AggregateBy } from "./Account.ts"
import { EventSelection } from "./FunnelQuestion.ts"
import { RetentionInterval } from "./RetentionQuestion.ts"

/** Intervals of a range: the days of a year. */
export const stickinessIntervalsMax = 366

export const StickinessQuestion = Schema.Struct({
  /** Only what happened in it counts, also of intervals that go on beyond it. */
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  time_zone: Schema.optionalKey(Schema.String),
  as_of: Schema.optionalKey(Schema.Literals(["today", "event"])),
  /** Days, weeks or months of the zone; days by default. */
  interval: Schema.optionalKey(RetentionInterval),
  /** Which events make somebody active; any by default. */
  ...EventSelection.fields,
  /** Whom it counts: people, or accounts of a type. */
  aggregate_by: AggregateBy
}).annotate({
  identifier: "StickinessQuestion",
  examples: [{ date_range: { from: "2026-11-01", to: "2026-11-23" }, interval: "day", event_types: ["page_view"] }]
})
export type StickinessQuestion = typeof StickinessQuestion.Type

export const StickinessResult = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  /** Active on one interval or more. */
  people: Schema.Int,
  /** For every number of intervals that the range has, from 1 on. */
  histogram: Schema.Array(
    Schema.Struct({
      intervals: Schema.Int,
      /** Active on exactly so many. */
      people: Schema.Int,
      /** Active on so many or more. */
      people_at_least: Schema.Int
    })
  ),
  /** Whether the range was over at `as_of`; one that is not over may still grow. */
  complete: Schema.Boolean,
  /** Where accounts are counted: `people` are so many accounts. */
  aggregate_by: Schema.optionalKey(Schema.String),
  /** Arrival of the newest event that is counted. */
  as_of: Schema.NullOr(Schema.String),
  time_zone: Schema.String,
  watermark: Schema.String,
  query_hash: Schema.String,
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
}).annotate({ identifier: "StickinessResult" })
export type StickinessResult = typeof StickinessResult.Type
