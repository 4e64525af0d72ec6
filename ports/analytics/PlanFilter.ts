import type { SessionAttribute, SessionNumber } from "./SessionAttribute.ts"

/** A value of an event that a plan names: a column of every event, or a property. */
export type PlanField =
  | { readonly kind: "column"; readonly column: PlanColumn }
  /** The first of the columns that is set. */
  | { readonly kind: "first_of"; readonly columns: ReadonlyArray<PlanColumn> }
  | { readonly kind: "property"; readonly name: string }
  /** A trait of the event's person: as it stands today, or as it stood at the event (this one included). */
  | {
      readonly kind: "trait"
      readonly name: string
      readonly asOf: "today" | "event"
      /** Of `today`: as it stood before this instant. */
      readonly beforeMillis?: number
    }
  /**
   * The account of the type that counts, where accounts are counted; else the one that the event names, or else of those
   * that its person belongs to at that moment the one joined last.
   */
  | { readonly kind: "account"; readonly type: string }
  | {
      readonly kind: "account_trait"
      readonly type: string
      readonly name: string
      readonly asOf: "today" | "event"
      /** Of `today`: as it stood before this instant. */
      readonly beforeMillis?: number
    }
  /** Of a session, where sessions are asked for. */
  | { readonly kind: "session"; readonly attribute: SessionAttribute | SessionNumber }
  /** The first rule whose condition holds names the channel. */
  | { readonly kind: "channel"; readonly rules: ReadonlyArray<ChannelRule>; readonly otherwise: string }
  /** Values of two fields that are always set, with `separator` between. */
  | { readonly kind: "joined"; readonly fields: readonly [PlanField, PlanField]; readonly separator: string }
  /** Id of the first of the cohorts that the person belongs to. */
  | { readonly kind: "cohort"; readonly cohorts: ReadonlyArray<{ readonly id: string; readonly cohort: PlanCohort }> }

export interface ChannelRule {
  readonly channel: string
  readonly when: PlanFilter
}

export const planColumns = [
  "event_type",
  "host",
  "path",
  "title",
  "referrer_host",
  "country",
  "region",
  "city",
  "device_type",
  "os",
  "browser",
  "source",
  "medium",
  "campaign",
  "term",
  "content",
  "click_id_type",
  "user_id",
  "anonymous_id",
  "session_id",
  "currency",
  /** `true` for imported events, else `false`. */
  "historical"
] as const
export type PlanColumn = (typeof planColumns)[number]

export type PlanFilter =
  | { readonly kind: "and" | "or"; readonly filters: ReadonlyArray<PlanFilter> }
  | { readonly kind: "not"; readonly filter: PlanFilter }
  | { readonly kind: "is" | "contains"; readonly field: PlanField; readonly value: string }
  | {
      readonly kind: "one_of"
      readonly field: PlanField
      readonly values: ReadonlyArray<string>
      /** Upper and lower case are the same; `values` are in lower case. */
      readonly caseless?: true
    }
  /**
   * The field is a host: one of these or below one of these. `=` before a host means no host below it; `*` at its end is
   * any top-level domain (`google.*`: google.com, google.co.uk, never google.com.example.net).
   */
  | { readonly kind: "host_is"; readonly field: PlanField; readonly hosts: ReadonlyArray<string> }
  | { readonly kind: "is_set"; readonly field: PlanField }
  /** The whole text: `*` is anything but `/`, `**` anything at all, every other character itself. */
  | { readonly kind: "matches"; readonly field: PlanField; readonly pattern: string }
  /** The person belongs to the cohort. */
  | { readonly kind: "member_of"; readonly cohort: PlanCohort }
  /** Equal blind indexes: how encrypted properties and traits compare. */
  | { readonly kind: "index_is"; readonly field: PlanField; readonly index: string }
  /** The event itself brought the value: as a property or as a trait. */
  | { readonly kind: "bears_index"; readonly name: string; readonly index: string }
  | {
      readonly kind: "compare"
      readonly field: PlanField
      readonly operator: "gt" | "gte" | "lt" | "lte"
      /** Instants are ms UTC; the field's text is read as ISO 8601, a day as its first instant in UTC. */
      readonly as: "number" | "instant"
      readonly value: number
    }

/** `within`: so long before the instant that membership is asked for, and not after it. */
export type PlanPeriod =
  | { readonly kind: "ever" }
  | { readonly kind: "within"; readonly millis: number }
  /** `toMillis` is exclusive. */
  | { readonly kind: "between"; readonly fromMillis: number; readonly toMillis: number }

/** Which people, by what is known of each: people who have an event at all. */
export type PlanCohortRule =
  | { readonly kind: "and" | "or"; readonly rules: ReadonlyArray<PlanCohortRule> }
  | { readonly kind: "not"; readonly rule: PlanCohortRule }
  /** On fields of the kind `trait` as of today. */
  | { readonly kind: "trait"; readonly filter: PlanFilter }
  | {
      readonly kind: "did"
      readonly selection: PlanFilter
      readonly period: PlanPeriod
      /** 1 or more. */
      readonly atLeast: number
      readonly atMost: number | undefined
    }
  /** The first such event of all lies in the period. */
  | { readonly kind: "first_time"; readonly selection: PlanFilter; readonly period: PlanPeriod }
  /** Of the period's events, one that fits each step, in arrival order, the last no more than the window after the first. */
  | {
      readonly kind: "in_sequence"
      readonly steps: ReadonlyArray<PlanFilter>
      readonly windowMillis: number
      readonly period: PlanPeriod
    }
  | { readonly kind: "member_of"; readonly cohort: PlanCohort }
  /** Whom one of the ids stands for today: a user goes before a device of the same id, unless the list says which. */
  | {
      readonly kind: "listed"
      readonly people: ReadonlyArray<string>
      readonly users: ReadonlyArray<string>
      readonly devices: ReadonlyArray<string>
    }

/** Everything resolved: other cohorts to their rules, lists to their ids. */
export interface PlanCohort {
  /** Equal for equal cohorts alone: stands for the whole in hashes. */
  readonly digest: string
  readonly rule: PlanCohortRule
  /** Events from this instant on do not count. `undefined`: all count, and periods end at the arrival of the newest. */
  readonly beforeMillis: number | undefined
}
