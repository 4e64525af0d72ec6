import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"
import { resource } from "../documents/Resource.ts"
import { revisionOf } from "../documents/Revision.ts"
import { EmailAddress, recipientsMax } from "../email/EmailSender.ts"
import { Question } from "./Question.ts"

/** Alerts of one workspace. */
export const alertsMax = 200
/** Days that an incident is listed once it is over. */
export const incidentKeptDays = 400
/** Buckets that one incident lists: its first ones and its newest. */
export const incidentEvidenceMax = 24

export const AlertInterval = Schema.Literals(["hour", "day", "week"])
export type AlertInterval = typeof AlertInterval.Type

const Direction = Schema.Literals(["up", "down", "either"])

export const AlertCondition = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("above"), value: Schema.Finite }),
  Schema.Struct({ kind: Schema.Literal("below"), value: Schema.Finite }),
  /** By at least so many percent against the bucket before, or the same one of the week before. */
  Schema.Struct({
    kind: Schema.Literal("changes"),
    direction: Direction,
    percent: Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThanOrEqualTo(1_000_000)),
    against: Schema.optionalKey(Schema.Literals(["previous", "week_before"]))
  }),
  /** Far from the median of the same hour of the week, the same weekday, or the weeks before. */
  Schema.Struct({
    kind: Schema.Literal("unusual"),
    direction: Direction,
    sensitivity: Schema.optionalKey(Schema.Literals(["low", "medium", "high"]))
  })
]).annotate({ identifier: "AlertCondition" })
export type AlertCondition = typeof AlertCondition.Type

/** One number over time. */
export const AlertMetric = Schema.Struct({
  /** As in the questions of trends: `events`, `people`, `revenue`, `conversions:` and a goal, `sum:` and a property, … */
  name: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(210)),
  event_types: Question.fields.event_types,
  /** Id of a goal whose conversions alone count. */
  goal: Question.fields.goal,
  filters: Question.fields.filters,
  as_of: Question.fields.as_of,
  currency: Question.fields.currency
}).annotate({ identifier: "AlertMetric" })
export type AlertMetric = typeof AlertMetric.Type

export const Recipients = Schema.Array(EmailAddress).check(Schema.isMaxLength(recipientsMax), Schema.isUnique())

/** Watches a number: one message when it begins to be out of the ordinary, one more, if asked, when it is over. */
export const alerts = resource({
  name: "alerts",
  singular: "alert",
  identifier: "Alert",
  fields: {
    name: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)),
    description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000))),
    metric: AlertMetric,
    /** Hours, days or weeks of the workspace's zone; each is looked at once, when it is over. */
    interval: AlertInterval,
    condition: AlertCondition,
    /** Each gets a message of its own; without any, incidents are listed alone. */
    recipients: Recipients,
    notify_when_resolved: Schema.optionalKey(Schema.Boolean),
    /** Not looked at while it is so. */
    paused: Schema.optionalKey(Schema.Boolean)
  },
  unique: ["name"],
  example: {
    name: "Orders fall",
    metric: { name: "orders" },
    interval: "day",
    condition: { kind: "unusual", direction: "down" },
    recipients: ["anna@example.org"],
    notify_when_resolved: true
  }
})
export const AlertRevision = revisionOf("Alert", alerts.definition)
export type NewAlert = typeof alerts.definition.Type
export type Alert = typeof alerts.item.Type

/** What was found of one bucket. */
export const AlertFinding = Schema.Struct({
  /** With offset; `to` excluded. */
  from: Schema.String,
  to: Schema.String,
  /** `null`: the metric has none, such as the average of nothing. */
  value: Schema.NullOr(Schema.Finite),
  outcome: Schema.Literals(["met", "not_met", "no_value", "too_little_history"]),
  /** Values between which the condition would not hold; `null`: no bound. */
  expected: Schema.optionalKey(
    Schema.Struct({ low: Schema.NullOr(Schema.Finite), high: Schema.NullOr(Schema.Finite) })
  ),
  /** What it was compared with: the bucket before, or the median of past ones. */
  compared_with: Schema.optionalKey(Schema.Finite),
  /** Past buckets that the comparison rests on. */
  history: Schema.optionalKey(Schema.Int),
  /** In words. */
  text: Schema.String
}).annotate({ identifier: "AlertFinding" })
export type AlertFinding = typeof AlertFinding.Type

export const Incident = Schema.Struct({
  id: Schema.String,
  alert: Schema.String,
  /** As it was called when it began. */
  alert_name: Schema.String,
  status: Schema.Literals(["open", "resolved"]),
  /** When it was noticed, ms UTC, as all times here. */
  opened_at: Schema.Int,
  resolved_at: Schema.NullOr(Schema.Int),
  /** `recovered`: the condition no longer holds. Else the alert was changed or deleted meanwhile. */
  resolution: Schema.NullOr(Schema.Literals(["recovered", "changed", "deleted"])),
  /** When the one message was put into the queue; `null`: snoozed, without recipients, or over before it was noticed. */
  notified_at: Schema.NullOr(Schema.Int),
  /** Buckets in which the condition held, of which `evidence` has the first and the newest. */
  buckets: Schema.Int,
  evidence: Schema.Array(AlertFinding)
}).annotate({ identifier: "Incident" })
export type Incident = typeof Incident.Type

export const incidents: Collection = {
  name: "incidents",
  unique: [],
  indexes: [
    { name: "by_time", equals: [], sort: "opened_at", direction: "descending" },
    { name: "by_alert", equals: ["alert"], sort: "opened_at", direction: "descending" }
  ]
}

export const AlertState = Schema.Struct({
  alert: Schema.String,
  status: Schema.Literals(["ok", "firing"]),
  /** The open incident. */
  incident: Schema.NullOr(Schema.String),
  /** ms UTC, as all times here: the end of the last bucket that was looked at; `null`: of a new alert, the newest is next. */
  looked_at_until: Schema.NullOr(Schema.Int),
  /** When it is looked at next; `null` while it is paused. */
  next_at: Schema.NullOr(Schema.Int),
  /** No message goes out before. */
  snoozed_until: Schema.NullOr(Schema.Int),
  last: Schema.NullOr(AlertFinding),
  /** Why it cannot be looked at. */
  problem: Schema.NullOr(Schema.String)
}).annotate({ identifier: "AlertState" })
export type AlertState = typeof AlertState.Type

export const alertStates: Collection = {
  name: "alert_states",
  unique: [],
  indexes: [{ name: "by_due", equals: [], sort: "next_at", direction: "ascending" }]
}

export const snoozeMillisMax = 366 * 86_400_000

export const AlertSnooze = Schema.Struct({
  /** ms UTC; `null` ends the snooze. */
  until: Schema.NullOr(Schema.Int)
}).annotate({ identifier: "AlertSnooze", examples: [{ until: null }] })
export type AlertSnooze = typeof AlertSnooze.Type

export const MessagePreview = Schema.Struct({
  subject: Schema.String,
  text: Schema.String,
  html: Schema.String
}).annotate({ identifier: "MessagePreview" })
export type MessagePreview = typeof MessagePreview.Type

export const AlertTest = Schema.Struct({
  time_zone: Schema.String,
  /** Complete buckets, oldest first. */
  findings: Schema.Array(AlertFinding),
  /** Incidents that these would have made. */
  incidents: Schema.Int,
  /** Whether it would speak now; `message` is what it would say of the newest bucket. */
  would_notify: Schema.Boolean,
  message: Schema.NullOr(MessagePreview)
}).annotate({ identifier: "AlertTest" })
export type AlertTest = typeof AlertTest.Type
