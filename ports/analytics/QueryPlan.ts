import type { WorkspaceId } from "../WorkspaceId.ts"

export type PlanColumn =
  | "event_type"
  | "page_path"
  | "page_host"
  | "page_title"
  | "referrer_host"
  | "country"
  | "region"
  | "city"
  | "device"
  | "os"
  | "browser"
  | "utm_source"
  | "utm_medium"
  | "utm_campaign"
  | "utm_term"
  | "utm_content"
  | "click_id_type"

/** A text of the event, or nothing. */
export type PlanField =
  | { readonly kind: "column"; readonly name: PlanColumn }
  /** Top-level key of `properties`: text as it is, other JSON values as JSON text; `null` is nothing. */
  | { readonly kind: "property"; readonly name: string }
  /** The person's trait: newest of `traits` by event order, else oldest of `traits_once`. */
  | { readonly kind: "trait"; readonly name: string; readonly asOf: "now" | "event" }
  /** The first case whose condition holds. */
  | {
      readonly kind: "cases"
      readonly cases: ReadonlyArray<{ readonly when: PlanFilter; readonly then: string }>
      readonly otherwise: string
    }

/** Every condition is true or false, never unknown: a field that is not set fulfils only `unset` and negations. */
export type PlanFilter =
  | { readonly kind: "and" | "or"; readonly of: ReadonlyArray<PlanFilter> }
  | { readonly kind: "not"; readonly of: PlanFilter }
  | { readonly kind: "set"; readonly field: PlanField }
  /** Texts compare as texts, numbers with fields that are JSON numbers, booleans with `true` and `false`. */
  | { readonly kind: "equals"; readonly field: PlanField; readonly values: ReadonlyArray<string | number | boolean> }
  /** Case-sensitive. */
  | { readonly kind: "contains"; readonly field: PlanField; readonly text: string }
  | {
      readonly kind: "compare"
      readonly field: PlanField
      readonly operator: ">" | ">=" | "<" | "<="
      readonly value: number
    }
  /** Regular expression in the part that RE2 and ECMAScript share, matching the whole text. */
  | { readonly kind: "matches"; readonly field: PlanField; readonly pattern: string }
  | { readonly kind: "same"; readonly left: PlanField; readonly right: PlanField }
  /** Blind index of a personal value; `values` are hex HMACs. */
  | {
      readonly kind: "blind_equals"
      readonly field: { readonly kind: "property" | "trait"; readonly name: string }
      readonly values: ReadonlyArray<string>
    }

export type PlanMetric =
  | { readonly kind: "events" | "people" | "sessions" | "orders" | "revenue"; readonly name: string }
  | { readonly kind: "sum" | "avg" | "min" | "max"; readonly name: string; readonly property: string }

/** From `from` (ms UTC, until the next entry of that currency) one minor unit is worth `numerator / denominator` target units. */
export interface PlanRate {
  readonly currency: string
  readonly from: number
  readonly numerator: bigint
  readonly denominator: bigint
}

/** What a question means, with every name, date and rate resolved. Knows no engine. */
export interface QueryPlan {
  readonly workspace: WorkspaceId
  /**
   * Ascending instants, ms UTC: bucket i is `[boundaries[i], boundaries[i + 1])`. Two entries: one bucket, the range.
   */
  readonly boundaries: ReadonlyArray<number>
  readonly metrics: ReadonlyArray<PlanMetric>
  /** Empty: every type. */
  readonly eventTypes: ReadonlyArray<string>
  readonly filter: PlanFilter | undefined
  readonly dimensions: ReadonlyArray<PlanField>
  readonly order: { readonly metric: string; readonly direction: "descending" | "ascending" }
  /** Which rows of the breakdown, by order, then by dimension texts ascending (unset last). */
  readonly page: { readonly offset: number; readonly limit: number }
  /**
   * Keys for which the breakdown is wanted instead of the best of its own range (the previous period compares the same
   * rows); `other` is then everything else.
   */
  readonly keys?: ReadonlyArray<ReadonlyArray<string | null>>
  /** Needed where a metric is `revenue`. Orders in other currencies are counted in `unconverted`. */
  readonly rates: ReadonlyArray<PlanRate>
}

/** Integers and decimals as exact numbers (rounded to 12 significant digits where they are not integers). */
export type PlanValues = ReadonlyArray<number | null>

export interface PlanSeries {
  /** By metric, in the plan's order. */
  readonly total: PlanValues
  /** By bucket, none left out. */
  readonly buckets: ReadonlyArray<PlanValues>
}

export interface PlanAnswer {
  readonly all: PlanSeries
  /** Empty without dimensions. */
  readonly rows: ReadonlyArray<PlanSeries & { readonly key: ReadonlyArray<string | null> }>
  /** Rows behind the page; `undefined` where there are none. */
  readonly other: PlanSeries | undefined
  /** Orders and refunds whose currency had no rate. */
  readonly unconverted: number
  readonly watermark: string
}
