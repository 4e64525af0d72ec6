import type { PersonRows } from "./Bootstrap.ts"
import type { PlanFilter } from "./PlanFilter.ts"
import type { BucketRun } from "./TrendPlan.ts"

/**
 * How many people of each cohort come back in each period. A person belongs to the cohort of the bucket of their first
 * start event ever (`firstTime`), or of every bucket that holds one. They return in a bucket that holds a return event at
 * or behind (in arrival order) their first start event of that cohort.
 */
export interface RetentionPlan {
  readonly kind: "retention"
  readonly workspace: string
  readonly revisions: string
  /** Begin of the first cohort's bucket. */
  readonly fromMillis: number
  /** Cohorts are the first of the buckets; the others are periods behind the last cohort. */
  readonly buckets: ReadonlyArray<BucketRun>
  readonly bucketCount: number
  readonly cohortCount: number
  /** End of the last bucket. What comes later counts as one bucket more, `bucketCount`. */
  readonly toMillis: number
  readonly start: PlanFilter
  readonly return: PlanFilter
  readonly firstTime: boolean
  /** Counts accounts of the type instead of people. */
  readonly accountType?: string
  /** Also tells of each person the cohorts, and the periods (from 0 on) in which they returned. */
  readonly uncertain?: { readonly periods: number; readonly orAfter: boolean }
}

export interface RetentionRow {
  readonly cohort: number
  readonly people: number
  /** By bucket from the cohort's on: people who returned in it. */
  readonly returned: ReadonlyArray<number>
  /** By bucket from the cohort's on: people who returned in it or any later one. */
  readonly returnedSince: ReadonlyArray<number>
}

/** What answers a {@link RetentionPlan}: a row for each cohort that has people. */
export interface RetentionRows {
  readonly rows: ReadonlyArray<RetentionRow>
  /**
   * Where it was asked for; too many rows: how many. A key is `cohort × (periods + 2)` for who belongs to the cohort, and
   * `1 + period` more for who returned in the period; the one measure is 1.
   */
  readonly people?: PersonRows | { readonly tooMany: number } | undefined
  /** Arrival of the newest event held, ms UTC. */
  readonly asOfMillis: number | undefined
}
