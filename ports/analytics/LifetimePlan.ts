import type { PersonRows } from "./Bootstrap.ts"
import type { PlanFilter } from "./PlanFilter.ts"
import type { BucketRun, ConversionRun } from "./TrendPlan.ts"

/** Customers that one prediction takes. */
export const lifetimeCustomersMax = 500_000

/** From that instant on, until the next run, clocks are so far ahead of UTC. */
export interface OffsetRun {
  readonly fromMillis: number
  readonly offsetMillis: number
}

/**
 * What customers bring. A customer belongs to the cohort of the bucket of their first order ever, and every order counts
 * once, by its first event. A refund belongs to the customer of its order, where that order is known, else to the person
 * it came from, and counts on its own day; refunds from before the first cohort do not count.
 */
export interface LifetimePlan {
  readonly kind: "lifetime"
  readonly workspace: string
  readonly revisions: string
  /** Begin of the first cohort's bucket. */
  readonly fromMillis: number
  /** End of the last bucket. */
  readonly toMillis: number
  /** Cohorts are the first of the buckets; the others are periods behind the last cohort. */
  readonly buckets: ReadonlyArray<BucketRun>
  readonly cohortCount: number
  /** Periods behind a cohort's own. */
  readonly periods: number
  readonly conversions: ReadonlyArray<ConversionRun>
  /** Holds for the first order of a customer. */
  readonly filter: PlanFilter | undefined
  /** Also tells what each person brings. */
  readonly uncertain?: true
  /** Asks for each customer of the cohorts, too. */
  readonly customers: CustomersWanted | undefined
}

export interface CustomersWanted {
  /** Orders before this instant count. */
  readonly beforeMillis: number
  /** Of the zone whose days are counted, from the plan's begin on. */
  readonly offsets: ReadonlyArray<OffsetRun>
  /** More customers than these are not read. */
  readonly countMax: number
}

/** Money in minor units of the plan's currency, of one cohort in one period; period 0 is the cohort's own. */
export interface LifetimePeriodRow {
  readonly cohort: number
  readonly period: number
  readonly orders: number
  readonly refunds: number
  readonly revenueMinor: bigint
  readonly refundedMinor: bigint
}

/**
 * Customers as columns, an index for each, ordered by all columns from left to right, so that they say nothing of who
 * somebody is. Days count from 1970-01-01 on the zone's calendar; orders of one day are one purchase.
 */
export interface CustomerColumns {
  readonly cohort: Int32Array<ArrayBuffer>
  readonly firstDay: Int32Array<ArrayBuffer>
  readonly lastDay: Int32Array<ArrayBuffer>
  /** Days with a purchase after the first. */
  readonly frequency: Int32Array<ArrayBuffer>
  /** Spent on these days. */
  readonly repeatSpendMinor: Float64Array<ArrayBuffer>
}

/** What answers a {@link LifetimePlan}. */
export interface LifetimeRows {
  /** Customers of each cohort that has any. */
  readonly cohorts: ReadonlyArray<{ readonly cohort: number; readonly customers: number }>
  readonly rows: ReadonlyArray<LifetimePeriodRow>
  /** Orders and refunds that no rate converts, by currency, sorted: they count with no money. */
  readonly leftOut: ReadonlyArray<{ readonly currency: string; readonly orders: number; readonly minor: bigint }>
  /** Arrival of the newest event held, and the latest time of any; ms UTC. */
  readonly asOfMillis: number | undefined
  readonly newestMillis: number | undefined
  /**
   * Where it was asked for; too many rows: how many. A key is `cohort × (periods + 1) + period`; measures are revenue less
   * refunds, and 1 in the period of the first order.
   */
  readonly people?: PersonRows | { readonly tooMany: number } | undefined
  /** Where they were asked for; where there are too many, how many. */
  readonly customers: CustomerColumns | { readonly tooMany: number } | undefined
}
