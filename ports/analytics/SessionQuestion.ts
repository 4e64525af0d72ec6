import { Schema } from "effect"
import { EventSelection } from "./FunnelQuestion.ts"
import { Filter, Interval } from "./Question.ts"
import { sessionAttributes } from "./SessionAttribute.ts"

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(210))

/**
 * A session is what one anonymous id did under one session id; events without a session id form sessions by the
 * workspace's idle and maximum time. It counts once, where it begins, and with all its events: neither midnight nor the
 * range's border splits it.
 */
export const SessionQuestion = Schema.Struct({
  /** Sessions begin in it. */
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  time_zone: Schema.optionalKey(Schema.String),
  /** Asks for a series. */
  interval: Schema.optionalKey(Interval),
  /** Also answers for the range right before, as `compare` of `POST /analytics/query` does. */
  compare: Schema.optionalKey(Schema.Literal("previous_period")),
  /**
   * Breakdown: the 25 largest values and `other`. One of entry_path, entry_host, exit_path (first and last page view);
   * source, medium, campaign, term, content, click_id_type, referrer, channel (the first event with campaign, click id or
   * external referrer); device, os, browser, country, region, city (the first event). `cohort:` and up to 5 ids with `|`
   * between: the first of these cohorts that the session's person belongs to.
   */
  dimension: Schema.optionalKey(Name),
  /** On the same dimensions, and on events, pages, duration_ms, engaged_ms, scroll_percent. */
  filters: Schema.optionalKey(Filter),
  /** Sessions that hold such an event. */
  holding: Schema.optionalKey(EventSelection),
  as_of: Schema.optionalKey(Schema.Literals(["today", "event"]))
}).annotate({
  identifier: "SessionQuestion",
  examples: [
    {
      date_range: { from: "2026-11-01", to: "2026-11-23" },
      interval: "day",
      dimension: "channel",
      filters: { dimension: "entry_path", operator: "contains", value: "/pricing" },
      holding: { event_types: ["order_completed"] }
    }
  ]
})
export type SessionQuestion = typeof SessionQuestion.Type

const NullableNumber = Schema.NullOr(Schema.Finite)

export const SessionMetrics = Schema.Struct({
  sessions: Schema.Int,
  /** Those who begin them, once each. */
  people: Schema.Int,
  /** Fewer than 30 people: rates and means say little. */
  small: Schema.Boolean,
  /** One page view and no interactive event; `null` where there is no session. */
  bounce_rate: NullableNumber,
  /** Wilson score interval, 95 %. */
  bounce_interval: Schema.NullOr(Schema.Tuple([Schema.Finite, Schema.Finite])),
  bounces: Schema.Int,
  /** Page views. */
  pages: Schema.Int,
  pages_per_session: NullableNumber,
  /** From the first event to the last. */
  duration_mean_ms: NullableNumber,
  duration_median_ms: NullableNumber,
  /** `page_exit.engaged_ms`, added up by session; the mean is of sessions that tell it. */
  engaged_mean_ms: NullableNumber,
  engaged_sessions: Schema.Int,
  /** The furthest that a session scrolled on any page; the mean is of sessions that tell it. */
  scroll_mean_percent: NullableNumber,
  scrolled_sessions: Schema.Int
}).annotate({ identifier: "SessionMetrics" })
export type SessionMetrics = typeof SessionMetrics.Type

const Series = Schema.optionalKey(Schema.Array(SessionMetrics))

export const SessionPeriod = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  /** First instants of the series' intervals. */
  buckets: Schema.Array(Schema.String),
  totals: SessionMetrics,
  series: Series,
  rows: Schema.Array(
    Schema.Struct({
      /** `null` for sessions without a value; absent for `other`. */
      value: Schema.optionalKey(Schema.NullOr(Schema.String)),
      /** All values behind the largest. */
      other: Schema.optionalKey(Schema.Literal(true)),
      metrics: SessionMetrics,
      series: Series
    })
  )
})
export type SessionPeriod = typeof SessionPeriod.Type

export const SessionResult = Schema.Struct({
  ...SessionPeriod.fields,
  previous: Schema.optionalKey(Schema.Struct({ ...SessionPeriod.fields, watermark: Schema.String })),
  /** Arrival of the newest event that is counted. */
  as_of: Schema.NullOr(Schema.String),
  time_zone: Schema.String,
  watermark: Schema.String,
  query_hash: Schema.String,
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
}).annotate({ identifier: "SessionResult" })
export type SessionResult = typeof SessionResult.Type

const NullableText = Schema.NullOr(Schema.String)

export const SessionItem = Schema.Struct({
  anonymous_id: Schema.String,
  /** `null`: derived from events without one. */
  session_id: NullableText,
  person_id: Schema.String,
  start: Schema.String,
  end: Schema.String,
  duration_ms: Schema.Int,
  events: Schema.Int,
  pages: Schema.Int,
  bounced: Schema.Boolean,
  engaged_ms: Schema.NullOr(Schema.Int),
  scroll_percent: Schema.NullOr(Schema.Int),
  ...(Object.fromEntries(sessionAttributes.map((name) => [name, NullableText])) as {
    readonly [Name in (typeof sessionAttributes)[number]]: typeof NullableText
  }),
  /** Path and query of the session's events, newest first. */
  events_url: Schema.String
}).annotate({ identifier: "SessionItem" })
export type SessionItem = typeof SessionItem.Type

export const SessionPage = Schema.Struct({
  items: Schema.Array(SessionItem),
  next: Schema.NullOr(Schema.String),
  watermark: Schema.String
}).annotate({ identifier: "SessionPage" })
export type SessionPage = typeof SessionPage.Type
