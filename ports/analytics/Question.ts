import { Schema } from "effect"

export const intervals = ["hour", "day", "week", "month"] as const
export const Interval = Schema.Literals(intervals)
export type Interval = typeof Interval.Type

export const WeekStart = Schema.Literals(["monday", "sunday", "saturday"])
export type WeekStart = typeof WeekStart.Type

export const operators = [
  "is",
  "is_not",
  "contains",
  "not_contains",
  "is_set",
  "is_not_set",
  "gt",
  "gte",
  "lt",
  "lte",
  "one_of"
] as const
export type Operator = (typeof operators)[number]

export const metricNames = ["events", "people", "sessions", "orders", "revenue"] as const
/** Written `sum:price`: the aggregate of a numeric property. */
export const aggregates = ["sum", "avg", "min", "max"] as const

/** Dimensions stored with the event, beside `property:<name>` and `trait:<name>`. */
export const dimensionNames = [
  "event_type",
  "page_path",
  "page_host",
  "page_title",
  "referrer_host",
  "channel",
  "country",
  "region",
  "city",
  "device",
  "os",
  "browser",
  "utm_source",
  "utm_medium",
  "utm_campaign",
  "utm_term",
  "utm_content"
] as const

export const questionMetricsMax = 10
export const questionDimensionsMax = 2
export const questionEventTypesMax = 50
export const filterDepthMax = 6
export const filterConditionsMax = 50
export const filterValuesMax = 500
export const filterTextMax = 1000
export const bucketsMax = 2200
export const rangeDaysMax = 3660
export const breakdownRowsUsual = 25
export const breakdownRowsMax = 100

const Text = Schema.String.check(Schema.isMaxLength(filterTextMax))
const FilterValue = Schema.Union([Text, Schema.Finite, Schema.Boolean])
export type FilterValue = typeof FilterValue.Type

export interface Condition {
  readonly dimension: string
  /** One of {@link operators}; another one is refused with the nearest name. */
  readonly operator: string
  readonly value?: FilterValue
  /** For `one_of`. */
  readonly values?: ReadonlyArray<FilterValue>
}
export type Filter =
  | { readonly and: ReadonlyArray<Filter> }
  | { readonly or: ReadonlyArray<Filter> }
  | { readonly not: Filter }
  | Condition

const Nested = Schema.suspend((): Schema.Codec<Filter> => Filter)
const Branches = Schema.Array(Nested).check(Schema.isMinLength(1), Schema.isMaxLength(filterConditionsMax))

export const Filter: Schema.Codec<Filter> = Schema.Union([
  Schema.Struct({ and: Branches }),
  Schema.Struct({ or: Branches }),
  Schema.Struct({ not: Nested }),
  Schema.Struct({
    dimension: Text,
    operator: Text,
    value: Schema.optionalKey(FilterValue),
    values: Schema.optionalKey(Schema.Array(FilterValue).check(Schema.isMaxLength(filterValuesMax)))
  })
]).annotate({ identifier: "Filter" })

const Compare = Schema.optionalKey(Schema.Literal("previous_period"))

/** A date without time means the whole local day (as `to`: that day included); an instant as `to` is exclusive. */
export const DateRange = Schema.Union([
  Schema.Struct({ from: Text, to: Text, compare: Compare }),
  /** `24h`, `30d`, `12w`, `6m`: the current hour, day, week or month included. */
  Schema.Struct({ last: Schema.String.check(Schema.isPattern(/^[1-9][0-9]{0,3}[hdwm]$/)), compare: Compare })
])
export type DateRange = typeof DateRange.Type

/** The body of `POST /analytics/query`. */
export const Question = Schema.Struct({
  date_range: DateRange,
  /** Asks for a series; without it only totals. */
  interval: Schema.optionalKey(Interval),
  /** `events`, `people`, `sessions`, `orders`, `revenue` (integer minor units), `sum:<property>`, `avg:`, `min:`, `max:`. */
  metrics: Schema.Array(Text).check(Schema.isMinLength(1), Schema.isMaxLength(questionMetricsMax)),
  event_types: Schema.optionalKey(
    Schema.Array(Text).check(Schema.isMinLength(1), Schema.isMaxLength(questionEventTypesMax))
  ),
  dimensions: Schema.optionalKey(Schema.Array(Text).check(Schema.isMaxLength(questionDimensionsMax))),
  filters: Schema.optionalKey(Filter),
  /** Which value of a trait counts: today's, or the one at the time of the event. */
  as_of: Schema.optionalKey(Schema.Literals(["now", "event"])),
  /** A metric of the question; default: the first one, descending. */
  order_by: Schema.optionalKey(
    Schema.Struct({ metric: Text, direction: Schema.optionalKey(Schema.Literals(["descending", "ascending"])) })
  ),
  /** Rows of the breakdown, default {@link breakdownRowsUsual}; what is behind them is summed up exactly as "other". */
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: breakdownRowsMax }))),
  cursor: Schema.optionalKey(Text),
  /** ISO 4217, default the workspace's. */
  currency: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[A-Z]{3}$/))),
  /** IANA name, default the workspace's. */
  timezone: Schema.optionalKey(Text),
  week_start: Schema.optionalKey(WeekStart)
}).annotate({ identifier: "Question" })
export type Question = typeof Question.Type

/** By metric name. `null`: nothing to take an average, minimum or maximum of. */
export const MetricValues = Schema.Record(Schema.String, Schema.NullOr(Schema.Finite))
export type MetricValues = typeof MetricValues.Type

export const AnswerBucket = Schema.Struct({
  /** Local time with offset: `2026-03-29T00:00:00+01:00`. */
  start: Schema.String,
  end: Schema.String,
  values: MetricValues,
  /** The bucket at the same place of the previous period. */
  previous: Schema.optionalKey(MetricValues)
})
export type AnswerBucket = typeof AnswerBucket.Type

export const AnswerRow = Schema.Struct({
  /** By dimension; `null`: not set. */
  dimensions: Schema.Record(Schema.String, Schema.NullOr(Schema.String)),
  /** Everything behind the rows of this page, counted exactly (people are distinct over all of it). */
  other: Schema.Boolean,
  values: MetricValues,
  previous: Schema.optionalKey(MetricValues),
  series: Schema.optionalKey(Schema.Array(AnswerBucket))
})
export type AnswerRow = typeof AnswerRow.Type

export const QuestionWarning = Schema.Struct({
  code: Schema.Literals(["unknown_event_type", "unknown_property", "unknown_trait", "unconverted_money"]),
  pointer: Schema.String,
  detail: Schema.String,
  nearest: Schema.optionalKey(Schema.String)
})
export type QuestionWarning = typeof QuestionWarning.Type

export const Answer = Schema.Struct({
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  previous_range: Schema.optionalKey(Schema.Struct({ from: Schema.String, to: Schema.String })),
  timezone: Schema.String,
  week_start: Schema.optionalKey(WeekStart),
  interval: Schema.optionalKey(Interval),
  metrics: Schema.Array(Schema.String),
  dimensions: Schema.Array(Schema.String),
  /** Of `revenue`: values are integers of this many decimal places. */
  currency: Schema.optionalKey(Schema.Struct({ code: Schema.String, minor_digits: Schema.Int })),
  /** Over the whole range: people are distinct over all of it, never summed. */
  total: MetricValues,
  previous_total: Schema.optionalKey(MetricValues),
  series: Schema.optionalKey(Schema.Array(AnswerBucket)),
  rows: Schema.optionalKey(Schema.Array(AnswerRow)),
  next: Schema.optionalKey(Schema.String),
  watermark: Schema.String,
  query_hash: Schema.String,
  warnings: Schema.Array(QuestionWarning)
}).annotate({ identifier: "Answer" })
export type Answer = typeof Answer.Type

export const questionErrorCodes = [
  "unknown_metric",
  "unknown_dimension",
  "unknown_operator",
  "invalid_value",
  "invalid_date",
  "invalid_range",
  "invalid_time_zone",
  "unknown_currency",
  "invalid_cursor",
  "encrypted_field",
  "too_complex"
] as const

/** A question that cannot be asked: 400, one entry per fault. */
export class InvalidQuestion extends Schema.TaggedError<InvalidQuestion>()("InvalidQuestion", {
  errors: Schema.Array(
    Schema.Struct({
      /** JSON pointer into the question. */
      pointer: Schema.String,
      code: Schema.Literals(questionErrorCodes),
      detail: Schema.String,
      nearest: Schema.optionalKey(Schema.String)
    })
  )
}) {}
export type QuestionError = InvalidQuestion["errors"][number]
