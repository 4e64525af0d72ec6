import type { PlanFilter } from "./PlanFilter.ts"
import type { BucketRun } from "./TrendPlan.ts"

/** On how many of the buckets each person has events. */
export interface StickinessPlan {
  readonly kind: "stickiness"
  readonly workspace: string
  readonly revisions: string
  readonly fromMillis: number
  /** Exclusive. */
  readonly toMillis: number
  /** The first may begin before the range. */
  readonly buckets: ReadonlyArray<BucketRun>
  readonly bucketCount: number
  readonly filter: PlanFilter
  /** Counts accounts of the type instead of people. */
  readonly accountType?: string
}

/** What answers a {@link StickinessPlan}: a row for each number of buckets that somebody was active on, ascending. */
export interface StickinessRows {
  readonly rows: ReadonlyArray<{ readonly buckets: number; readonly people: number }>
  /** Arrival of the newest event held, ms UTC. */
  readonly asOfMillis: number | undefined
}
