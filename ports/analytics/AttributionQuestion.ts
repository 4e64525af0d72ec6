import { Schema } from "effect"
import { attributionDimensions } from "./AttributionPlan.ts"
import { EventSelection } from "./FunnelQuestion.ts"
import { Filter } from "./Question.ts"

export const lookBackDaysMin = 1
export const lookBackDaysMax = 365
export const lookBackDaysUsual = 30
export const halfLifeDaysMax = 365
export const halfLifeDaysUsual = 7

export const attributionModels = ["first_touch", "last_touch", "linear", "position_based", "time_decay"] as const
export const AttributionModel = Schema.Literals(attributionModels)
export type AttributionModel = typeof AttributionModel.Type

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(210))

/**
 * Who gets the credit. A touch is a session's first campaign, click id or external referrer, or a click in one of our
 * mails or banners: one a session. Touches before the range count; each conversion has its own look-back. Credits add up
 * to the revenue exactly; a refund takes back what its order gave, in the same proportions, on the refund's own day.
 */
export const AttributionQuestion = Schema.Struct({
  /** Conversions and refunds lie in it. */
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  time_zone: Schema.optionalKey(Schema.String),
  /** All five unless named: first_touch, last_touch, linear, position_based (40/20/40), time_decay. */
  models: Schema.optionalKey(Schema.Array(AttributionModel)),
  /** Revenue of orders by default; else events, counted, or valued by a property. */
  conversion: Schema.optionalKey(Schema.Struct({ ...EventSelection.fields, property: Schema.optionalKey(Name) })),
  /** Holds for conversions and refunds. */
  filters: Schema.optionalKey(Filter),
  as_of: Schema.optionalKey(Schema.Literals(["today", "event"])),
  /** 1 to 365 days of 24 hours, both ends included; 30 by default. */
  look_back_days: Schema.optionalKey(Schema.Int),
  dimension: Schema.optionalKey(Schema.Literals(attributionDimensions)),
  /** `last_resort` (the default): direct visits count only where there is no other touch; `equal`: as every touch. */
  direct: Schema.optionalKey(Schema.Literals(["last_resort", "equal"])),
  /** Days after which a touch is worth half in time_decay; 7 by default. */
  half_life_days: Schema.optionalKey(Schema.Finite),
  currency: Schema.optionalKey(Schema.String),
  /** Intervals of credits: 95 %, by a bootstrap over the people who converted, 500 draws told by query and watermark. */
  uncertainty: Schema.optionalKey(Schema.Boolean)
}).annotate({
  identifier: "AttributionQuestion",
  examples: [
    {
      date_range: { from: "2026-11-01", to: "2026-11-23" },
      models: ["last_touch", "time_decay"],
      dimension: "channel",
      look_back_days: 60
    }
  ]
})
export type AttributionQuestion = typeof AttributionQuestion.Type

export const AttributionRow = Schema.Struct({
  /** Value of the dimension; absent for `other` and `unattributed`. */
  value: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** All values behind the 25 that touched most conversions. */
  other: Schema.optionalKey(Schema.Literal(true)),
  /** Conversions without any touch in their look-back. */
  unattributed: Schema.optionalKey(Schema.Literal(true)),
  /** Share of the revenue, or of the property's sum, as a decimal; `null` where conversions are counted alone. */
  credit: Schema.NullOr(Schema.String),
  /** Share of the conversions, in millionths at the finest. */
  conversions: Schema.Finite,
  /** Of the whole credit, or where there is none to share, of the conversions; `null` where the whole is nothing. */
  share: Schema.NullOr(Schema.Finite),
  /** Conversions with such a touch in their look-back. */
  touched: Schema.Int,
  /** Who has such a conversion, once each. */
  people: Schema.Int,
  /** Only with `uncertainty`: from where to where they may lie, 95 %; `null` where too few people tell. */
  intervals: Schema.optionalKey(
    Schema.Struct({
      credit: Schema.NullOr(Schema.Tuple([Schema.String, Schema.String])),
      conversions: Schema.NullOr(Schema.Tuple([Schema.Finite, Schema.Finite])),
      share: Schema.NullOr(Schema.Tuple([Schema.Finite, Schema.Finite]))
    })
  ),
  /** Only with `uncertainty`: fewer than 30 people converted; credits say little. */
  small: Schema.optionalKey(Schema.Boolean)
})
export type AttributionRow = typeof AttributionRow.Type

export const AttributionResult = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  conversions: Schema.Int,
  /** Who converted, once each. */
  people: Schema.Int,
  /** Revenue less refunds, or the property's sum: what the credits of each model add up to. */
  credit: Schema.NullOr(Schema.String),
  /** Of the credits; `null` where they are no money. */
  currency: Schema.NullOr(Schema.String),
  models: Schema.Array(Schema.Struct({ model: AttributionModel, rows: Schema.Array(AttributionRow) })),
  /** Arrival of the newest event that is counted. */
  as_of: Schema.NullOr(Schema.String),
  time_zone: Schema.String,
  watermark: Schema.String,
  query_hash: Schema.String,
  /** Where money was converted: whose rates, and the newest day that they have. */
  exchange_rates: Schema.optionalKey(Schema.Struct({ source: Schema.String, as_of: Schema.String })),
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
}).annotate({ identifier: "AttributionResult" })
export type AttributionResult = typeof AttributionResult.Type
