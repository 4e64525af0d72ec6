import { Schema } from "effect"
import { AggregateBy } from "./Account.ts"
import { Filter } from "./Question.ts"

export const funnelStepsMin = 2
export const funnelStepsMax = 20
export const funnelExclusionsMax = 10
export const conversionWindowDaysMax = 366

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(210))
const EventTypes = Schema.Array(Name)

/** Events of these types (all types where none is named) that are conversions of the goal and for which the filter holds. */
export const EventSelection = Schema.Struct({
  event_types: Schema.optionalKey(EventTypes),
  /** Id of a kept goal. */
  goal: Schema.optionalKey(Name),
  filters: Schema.optionalKey(Filter)
})
export type EventSelection = typeof EventSelection.Type

export const FunnelStep = Schema.Struct({ name: Schema.optionalKey(Name), ...EventSelection.fields })

export const ConversionWindow = Schema.Struct({
  value: Schema.Int,
  unit: Schema.Literals(["second", "minute", "hour", "day", "week"])
})

/** What a funnel is, whatever the range it is asked for. */
export const FunnelDefinition = Schema.Struct({
  /** 2 to 20; a step listed twice must occur twice. */
  steps: Schema.Array(FunnelStep),
  /** `sequential` (the default): others may lie between; `strict`: nothing between; `any`: in whatever order. */
  order: Schema.optionalKey(Schema.Literals(["sequential", "strict", "any"])),
  /** From the first event of an attempt, the limit included; 14 days by default. */
  conversion_window: Schema.optionalKey(ConversionWindow),
  /** An event of these between the two steps (counted from 1) ends an attempt. Not with order `any`. */
  exclusions: Schema.optionalKey(
    Schema.Array(Schema.Struct({ ...EventSelection.fields, after_step: Schema.Int, before_step: Schema.Int }))
  ),
  /** Holds for every event of the funnel. */
  filters: Schema.optionalKey(Filter),
  /** Whom it counts: people, or accounts of a type. */
  aggregate_by: AggregateBy
})
export type FunnelDefinition = typeof FunnelDefinition.Type

export const FunnelRequest = Schema.Struct({
  /** The first event of an attempt lies in it; the others may come later. */
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  time_zone: Schema.optionalKey(Schema.String),
  as_of: Schema.optionalKey(Schema.Literals(["today", "event"])),
  /** Breakdown by one dimension. */
  dimension: Schema.optionalKey(Name),
  /**
   * Whose value of the dimension counts: the attempt's first event (the default), its last, that of step n (`step:2`), or
   * `all`: attempts all of whose events have the value, so that a person may stand in several groups.
   */
  breakdown_at: Schema.optionalKey(Schema.String)
})
export type FunnelRequest = typeof FunnelRequest.Type

export const FunnelQuestion = Schema.Struct({
  ...FunnelDefinition.fields,
  ...FunnelRequest.fields
}).annotate({
  identifier: "FunnelQuestion",
  examples: [
    {
      date_range: { from: "2026-11-01", to: "2026-11-23" },
      steps: [{ event_types: ["product_viewed"] }, { event_types: ["order_completed"] }],
      conversion_window: { value: 7, unit: "day" }
    }
  ]
})
export type FunnelQuestion = typeof FunnelQuestion.Type

const Rate = Schema.Struct({
  rate: Schema.Finite,
  /** Wilson score interval, 95 %. */
  interval: Schema.Tuple([Schema.Finite, Schema.Finite])
})

export const FunnelStepResult = Schema.Struct({
  name: Schema.String,
  people: Schema.Int,
  /** Of those of the first step and of the step before; `null` where there was nobody. */
  from_start: Schema.NullOr(Rate),
  from_previous: Schema.NullOr(Rate),
  /** From the step before; absent for the first. */
  time_to_convert: Schema.optionalKey(
    Schema.Struct({
      mean_ms: Schema.NullOr(Schema.Finite),
      median_ms: Schema.NullOr(Schema.Finite),
      /** People by time, `to_ms` excluded; the last bin is open. */
      histogram: Schema.Array(
        Schema.Struct({ from_ms: Schema.Int, to_ms: Schema.NullOr(Schema.Int), people: Schema.Int })
      )
    })
  )
})
export type FunnelStepResult = typeof FunnelStepResult.Type

export const FunnelGroup = Schema.Struct({
  /** Value of the dimension, `null` where the event has none; absent for all people together. */
  value: Schema.optionalKey(Schema.NullOr(Schema.String)),
  other: Schema.optionalKey(Schema.Literal(true)),
  steps: Schema.Array(FunnelStepResult),
  /** People whose best attempt is not whole and whose conversion window was still open at `as_of`. */
  open: Schema.Int,
  /** Fewer people than `smallGroupPeople` began: rates say little. */
  small: Schema.Boolean
})
export type FunnelGroup = typeof FunnelGroup.Type

export const FunnelResult = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  ...FunnelGroup.fields,
  groups: Schema.Array(FunnelGroup),
  /** Where accounts are counted: `people` are so many accounts. */
  aggregate_by: Schema.optionalKey(Schema.String),
  /** Arrival of the newest event that is counted. */
  as_of: Schema.NullOr(Schema.String),
  time_zone: Schema.String,
  watermark: Schema.String,
  query_hash: Schema.String,
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
}).annotate({ identifier: "FunnelResult" })
export type FunnelResult = typeof FunnelResult.Type
