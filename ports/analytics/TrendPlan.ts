import type { PersonRows } from "./Bootstrap.ts"
import type { PlanField, PlanFilter } from "./PlanFilter.ts"
import type { SessionLimits } from "./SessionLimits.ts"

/** Every metric has a source: all events, or orders and refunds once each. */
export type PlanMetric = MetricKind & {
  /** Counts only what this holds for. It names no trait. */
  readonly where?: PlanFilter
}

type MetricKind =
  | { readonly kind: "events" | "people" | "orders" | "revenue" }
  /** Of orders that have a converted amount, refunds left aside; half up. */
  | { readonly kind: "average_order_value" }
  /** Share of the people who have an event that `where` holds for; `null` where there is nobody. */
  | { readonly kind: "people_share" }
  /** That hold an event which counts. */
  | { readonly kind: "sessions"; readonly limits: SessionLimits }
  /** That an event which counts belongs to. */
  | { readonly kind: "accounts"; readonly accountType: string }
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

/** Metrics over time and over the values of fields. */
export interface TrendPlan {
  readonly kind: "trend"
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
  readonly revisions: string
  /** Also tells what each person brings to {@link uncertainMetrics}. */
  readonly uncertain?: true
}

/** Metrics in the plan's order: counts and money as integers (money in minor units), other numbers as decimals. */
export type MetricValue = bigint | number | null

/** What a metric's amounts are converted for. */
export const isMoney = ({ kind }: PlanMetric): boolean => kind === "revenue" || kind === "average_order_value"

/** Metrics that add up what people bring: of these there are intervals. */
export const uncertainMetrics = ["revenue", "orders", "average_order_value", "sum", "average"] as const

export const isUncertain = ({ kind }: PlanMetric): boolean => (uncertainMetrics as ReadonlyArray<string>).includes(kind)

export interface PlanRow {
  /** Index of the bucket, `undefined` for the whole range. */
  readonly bucket: number | undefined
  /** Index into `groups`, `other` for what is behind the top, `undefined` for all values together. */
  readonly group: number | "other" | undefined
  readonly values: ReadonlyArray<MetricValue>
}

/** What answers a {@link TrendPlan}. */
export interface TrendRows {
  /** The breakdown's values, the largest first; `null` where the event has none. */
  readonly groups: ReadonlyArray<ReadonlyArray<string | null>>
  /** Whether there are groups behind those shown. */
  readonly more: boolean
  readonly rows: ReadonlyArray<PlanRow>
  /**
   * Where it was asked for; too many rows: how many. A key is `bucket × (groups + 1) + group`, the last group what is behind
   * the top (without buckets or groups: 0). Measures are, metric after metric of {@link uncertainMetrics}: of
   * an average the sum and how many values it is of, of others their own sum. Whoever has no order and no value has no row.
   */
  readonly people?: PersonRows | { readonly tooMany: number } | undefined
  /** Orders and refunds left out of `revenue`, by currency, sorted; minor units are the sum of both, not their difference. */
  readonly leftOut: ReadonlyArray<{ readonly currency: string; readonly orders: number; readonly minor: bigint }>
}
