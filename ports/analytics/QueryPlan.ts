/** A value of an event that a plan names: a column of every event, or a property. */
export type PlanField =
  | { readonly kind: "column"; readonly column: PlanColumn }
  | { readonly kind: "property"; readonly name: string }
  /** A trait of the event's person: as it stands today, or as it stood at the event (this one included). */
  | { readonly kind: "trait"; readonly name: string; readonly asOf: "today" | "event" }
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
  "currency"
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

/** Every metric has a source: all events, or orders and refunds once each. */
export type PlanMetric =
  | { readonly kind: "events" | "people" | "sessions" | "orders" | "revenue" }
  | { readonly kind: "sum" | "average" | "minimum" | "maximum"; readonly property: string }

/** Buckets of equal width that follow each other: bucket `first + floor((time − from) / width)`. */
export interface BucketRun {
  readonly fromMillis: number
  readonly first: number
  readonly widthMillis: number
}

/** From that instant on, `minor × numerator ÷ denominator` (half up) is the amount in the plan's currency. */
export interface ConversionRun {
  readonly currency: string
  readonly fromMillis: number
  readonly numerator: bigint
  readonly denominator: bigint
}

/** What is asked of EventStore: everything resolved (zones to instants, names to fields, rates to factors). */
export interface QueryPlan {
  readonly workspace: string
  readonly fromMillis: number
  /** Exclusive. */
  readonly toMillis: number
  readonly eventTypes: ReadonlyArray<string>
  readonly filter: PlanFilter | undefined
  readonly metrics: ReadonlyArray<PlanMetric>
  /** Breakdown; `top` of its values behind the first `skip` in the order are shown, all others become `other`. */
  readonly breakdown: ReadonlyArray<PlanField>
  /** Groups to show instead of the largest: those of another answer, to compare with. */
  readonly groups?: ReadonlyArray<ReadonlyArray<string | null>>
  readonly order: { readonly metric: number; readonly direction: "ascending" | "descending" }
  readonly skip: number
  readonly top: number
  /** Empty: no series. */
  readonly buckets: ReadonlyArray<BucketRun>
  readonly conversions: ReadonlyArray<ConversionRun>
  /** Currencies without a conversion for all of the range: the answer tells what of them it left out. */
  readonly unconverted: ReadonlyArray<string>
  /** Revisions of all that the answer rests on besides the events; part of the watermark. */
  readonly revisions: string
}

/** Metrics in the plan's order: counts and money as integers (money in minor units), other numbers as decimals. */
export type MetricValue = bigint | number | null

export interface PlanRow {
  /** Index of the bucket, `undefined` for the whole range. */
  readonly bucket: number | undefined
  /** Index into `groups`, `other` for what is behind the top, `undefined` for all values together. */
  readonly group: number | "other" | undefined
  readonly values: ReadonlyArray<MetricValue>
}

export interface PlanAnswer {
  /** The breakdown's values, the largest first; `null` where the event has none. */
  readonly groups: ReadonlyArray<ReadonlyArray<string | null>>
  /** Whether there are groups behind those shown. */
  readonly more: boolean
  readonly rows: ReadonlyArray<PlanRow>
  /** Orders and refunds left out of `revenue`, by currency, sorted; minor units are the sum of both, not their difference. */
  readonly leftOut: ReadonlyArray<{ readonly currency: string; readonly orders: number; readonly minor: bigint }>
  readonly watermark: string
}
