import { Schema } from "effect"
import { ShownAnnotation } from "./Annotation.ts"

export const metricsMax = 10
export const dimensionsMax = 2
export const eventTypesMax = 50
export const filtersMax = 100
export const filterDepthMax = 10
export const filterValuesMax = 1000
export const bucketsMax = 1000
export const rangeDaysMax = 3660
export const breakdownMax = 25
/** Cohorts that one dimension names. */
export const dimensionCohortsMax = 5
/** Values of a breakdown that a page may skip. */
export const offsetMax = 100_000

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(210))

export const Interval = Schema.Literals(["hour", "day", "week", "month", "quarter", "year"])

/**
 * `and`, `or`, `not` over conditions; a condition names a dimension (or `property:name`, `trait:name`), an operator and a
 * value. Operators: is, is_not, one_of, contains, not_contains, matches (`*` is anything but `/`, `**` anything), is_host,
 * is_set, is_not_set, gt, gte, lt, lte. Or it names a cohort by id: is_member, is_not_member, by what is known of the
 * event's person today; or a goal by id: is, is_not.
 * Checked by the domain, which answers unknown names with a pointer and the nearest known one.
 */
export type Filter =
  | { readonly and: ReadonlyArray<Filter> }
  | { readonly or: ReadonlyArray<Filter> }
  | { readonly not: Filter }
  | FieldCondition
  | CohortCondition
  | GoalCondition

const FieldCondition = Schema.Struct({
  dimension: Name,
  operator: Schema.String,
  value: Schema.optionalKey(Schema.Unknown)
})
export type FieldCondition = typeof FieldCondition.Type

const CohortCondition = Schema.Struct({ cohort: Schema.String, operator: Schema.String })
export type CohortCondition = typeof CohortCondition.Type

/** Whether the event is a conversion of the goal. */
const GoalCondition = Schema.Struct({ goal: Schema.String, operator: Schema.String })
export type GoalCondition = typeof GoalCondition.Type

export const conditionSchemas = [FieldCondition, CohortCondition] as const

export const Filter: Schema.Codec<Filter> = Schema.suspend(() =>
  Schema.Union([
    Schema.Struct({ and: Schema.Array(Filter) }),
    Schema.Struct({ or: Schema.Array(Filter) }),
    Schema.Struct({ not: Filter }),
    ...conditionSchemas,
    GoalCondition
  ])
).annotate({ identifier: "Filter" })

export const Question = Schema.Struct({
  /** Days of the workspace's zone, both included, or instants with offset, `to` excluded. */
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  /** Asks for a series. */
  interval: Schema.optionalKey(Interval),
  /**
   * Also answers for the range right before: as many days, or where the range is whole months, as many months; a range of
   * instants: as many milliseconds. Its rows are those of the range asked for.
   */
  compare: Schema.optionalKey(Schema.Literal("previous_period")),
  /**
   * `events`, `people`, `accounts` (or `accounts:` and a type), `sessions`, `orders`, `revenue`, `average_order_value` (orders alone,
   * refunds left aside), or `sum:`, `average:`, `minimum:`, `maximum:` and a property.
   * `sessions` are those that hold an event which counts; `GET /analytics/sessions` has each once, where it begins.
   * `conversions:`, `converters:` and `conversion_rate:` with a goal's id: conversions of the goal, the people who
   * converted, and their share of `people`.
   */
  metrics: Schema.Array(Name),
  event_types: Schema.optionalKey(Schema.Array(Name)),
  /** Id of a goal whose conversions alone count. */
  goal: Schema.optionalKey(Name),
  /**
   * Breakdown by up to two dimensions: the 25 largest values and `other`. `cohort:` and up to 5 ids with `|` between: the
   * first of these cohorts that the person belongs to, `null` for who belongs to none. `account` or `account:company`: the
   * id of the event's account; `account_trait:plan` or `account_trait:company:plan`: a trait of it. That is the account
   * which the event names, else of those that its person belongs to at that moment the one joined last; where accounts are
   * counted, the one that is counted.
   */
  dimensions: Schema.optionalKey(Schema.Array(Name)),
  filters: Schema.optionalKey(Filter),
  /** Which value of a trait counts: the person's of today (the default), or the one at the time of the event. */
  as_of: Schema.optionalKey(Schema.Literals(["today", "event"])),
  /** Currency of `revenue`; the workspace's by default. */
  currency: Schema.optionalKey(Schema.String),
  /** The workspace's by default. */
  time_zone: Schema.optionalKey(Schema.String),
  /**
   * Intervals of `revenue`, `orders`, `average_order_value`, `sum:` and `average:`: 95 %, by a bootstrap over the people who
   * bring them, 500 draws told by query and watermark.
   */
  uncertainty: Schema.optionalKey(Schema.Boolean),
  order_by: Schema.optionalKey(
    Schema.Struct({ metric: Name, direction: Schema.Literals(["ascending", "descending"]) })
  ),
  pagination: Schema.optionalKey(Schema.Struct({ limit: Schema.Int, offset: Schema.optionalKey(Schema.Int) }))
}).annotate({
  identifier: "Question",
  examples: [
    {
      date_range: { from: "2026-11-01", to: "2026-11-23" },
      interval: "day",
      metrics: ["people", "events"],
      dimensions: ["country"],
      filters: { dimension: "path", operator: "contains", value: "/pricing" }
    }
  ]
})
export type Question = typeof Question.Type

const Metrics = Schema.Record(Schema.String, Schema.NullOr(Schema.Union([Schema.Finite, Schema.String])))

/** From where to where a metric may lie, 95 %; `null` where too few people tell. */
const Intervals = Schema.Record(
  Schema.String,
  Schema.NullOr(
    Schema.Tuple([Schema.Union([Schema.Finite, Schema.String]), Schema.Union([Schema.Finite, Schema.String])])
  )
)
/** Only with `uncertainty`. */
const uncertain = {
  intervals: Schema.optionalKey(Intervals),
  /** One for each bucket. */
  series_intervals: Schema.optionalKey(Schema.Array(Intervals)),
  /** Fewer than 30 people ordered, or have such a value: amounts say little. */
  small: Schema.optionalKey(Schema.Boolean)
}

export const ResultRow = Schema.Struct({
  /** Values of the dimensions, `null` where the event has none; absent for all together. */
  values: Schema.Array(Schema.NullOr(Schema.String)),
  /** All values behind the page, counted together (people once each); on the first page alone. */
  other: Schema.optionalKey(Schema.Literal(true)),
  metrics: Metrics,
  /** One for each bucket of `buckets`, in order; empty ones are zero. */
  series: Schema.optionalKey(Schema.Array(Metrics)),
  ...uncertain
})
export type ResultRow = typeof ResultRow.Type

export const ResultPeriod = Schema.Struct({
  /** With offset; `to` excluded. */
  from: Schema.String,
  to: Schema.String,
  buckets: Schema.Array(Schema.String),
  totals: Metrics,
  series: Schema.optionalKey(Schema.Array(Metrics)),
  ...uncertain,
  rows: Schema.Array(ResultRow)
})
export type ResultPeriod = typeof ResultPeriod.Type

export const QuestionResult = Schema.Struct({
  ...ResultPeriod.fields,
  /** With a watermark of its own, as it is read after the range itself. */
  previous: Schema.optionalKey(Schema.Struct({ ...ResultPeriod.fields, watermark: Schema.String })),
  time_zone: Schema.String,
  currency: Schema.String,
  /** What has been counted: opaque. */
  watermark: Schema.String,
  /** Equal questions of a workspace have equal hashes. */
  query_hash: Schema.String,
  /** Where money was converted: whose rates, and the newest day that they have. */
  exchange_rates: Schema.optionalKey(Schema.Struct({ source: Schema.String, as_of: Schema.String })),
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String })),
  next_offset: Schema.NullOr(Schema.Int),
  /** Where they were asked for: notes that touch the range, oldest first. */
  annotations: Schema.optionalKey(Schema.Array(ShownAnnotation))
}).annotate({ identifier: "QuestionResult" })
export type QuestionResult = typeof QuestionResult.Type
