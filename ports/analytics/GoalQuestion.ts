import { Schema } from "effect"
import { Filter, Interval } from "./Question.ts"

/** Goals × values of the dimension × buckets that one answer may have. */
export const goalNumbersMax = 100_000

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(210))

/** How many of those who came in a range converted, goal by goal. Goals are as they are today, the past as it was. */
export const GoalRequest = Schema.Struct({
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  time_zone: Schema.optionalKey(Schema.String),
  as_of: Schema.optionalKey(Schema.Literals(["today", "event"])),
  /** Asks for a series. */
  interval: Schema.optionalKey(Interval),
  /** Breakdown by one dimension of the events: the 25 values with most visitors and `other`. */
  dimension: Schema.optionalKey(Name),
  /** Holds for conversions and for what makes a visitor. */
  filters: Schema.optionalKey(Filter),
  /** Of revenue; the workspace's by default. */
  currency: Schema.optionalKey(Schema.String)
})
export type GoalRequest = typeof GoalRequest.Type

export const GoalQuestion = Schema.Struct({
  ...GoalRequest.fields,
  /** Ids, in the order of the answer; every goal, the newest first, where none is named. */
  goals: Schema.optionalKey(Schema.Array(Name))
}).annotate({
  identifier: "GoalQuestion",
  examples: [{ date_range: { from: "2026-11-01", to: "2026-11-23" }, interval: "day", dimension: "channel" }]
})
export type GoalQuestion = typeof GoalQuestion.Type

const numbers = {
  /** People with any event that counts, once each. */
  visitors: Schema.Int,
  /** Fewer than 30 visitors: the rate says little. */
  small: Schema.Boolean,
  /** Of these, people with a conversion. */
  converters: Schema.Int,
  conversions: Schema.Int,
  /** Converters of visitors; `null` where nobody came. */
  rate: Schema.NullOr(Schema.Finite),
  /** Wilson score interval, 95 %. */
  rate_interval: Schema.NullOr(Schema.Tuple([Schema.Finite, Schema.Finite])),
  /** What the conversions are worth, where the goal has a value. */
  value: Schema.NullOr(Schema.Struct({ amount: Schema.String, currency: Schema.String }))
}
export const GoalNumbers = Schema.Struct(numbers)
export type GoalNumbers = typeof GoalNumbers.Type

const Series = Schema.optionalKey(Schema.Array(GoalNumbers))

export const GoalConversion = Schema.Struct({
  goal: Schema.String,
  name: Schema.String,
  ...numbers,
  /** One for each bucket of `buckets`. */
  series: Series,
  rows: Schema.Array(
    Schema.Struct({
      /** Of the dimension, `null` where the event has none; absent for `other`. */
      dimension_value: Schema.optionalKey(Schema.NullOr(Schema.String)),
      other: Schema.optionalKey(Schema.Literal(true)),
      ...numbers,
      series: Series
    })
  )
})
export type GoalConversion = typeof GoalConversion.Type

const facts = {
  from: Schema.String,
  to: Schema.String,
  buckets: Schema.Array(Schema.String),
  time_zone: Schema.String,
  watermark: Schema.String,
  query_hash: Schema.String,
  /** Where money was converted: whose rates, and the newest day that they have. */
  exchange_rates: Schema.optionalKey(Schema.Struct({ source: Schema.String, as_of: Schema.String })),
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
}

export const GoalConversions = Schema.Struct({ ...facts, items: Schema.Array(GoalConversion) }).annotate({
  identifier: "GoalConversions"
})
export type GoalConversions = typeof GoalConversions.Type

export const OneGoalConversion = Schema.Struct({ ...facts, ...GoalConversion.fields }).annotate({
  identifier: "GoalConversion"
})
export type OneGoalConversion = typeof OneGoalConversion.Type
