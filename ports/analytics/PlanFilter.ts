import type { SessionAttribute, SessionNumber } from "./SessionAttribute.ts"

/** A value of an event that a plan names: a column of every event, or a property. */
export type PlanField =
  | { readonly kind: "column"; readonly column: PlanColumn }
  /** The first of the columns that is set. */
  | { readonly kind: "first_of"; readonly columns: ReadonlyArray<PlanColumn> }
  | { readonly kind: "property"; readonly name: string }
  /** A trait of the event's person: as it stands today, or as it stood at the event (this one included). */
  | { readonly kind: "trait"; readonly name: string; readonly asOf: "today" | "event" }
  /** Of a session, where sessions are asked for. */
  | { readonly kind: "session"; readonly attribute: SessionAttribute | SessionNumber }
  /** The first rule whose condition holds names the channel. */
  | { readonly kind: "channel"; readonly rules: ReadonlyArray<ChannelRule>; readonly otherwise: string }

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
