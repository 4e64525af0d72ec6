import type { PlanFilter } from "./PlanFilter.ts"
import type { BucketRun } from "./TrendPlan.ts"

/** Who is active in each period: for the first time, as in the period before, or again after a pause; and who is no more. */
export interface LifecyclePlan {
  readonly kind: "lifecycle"
  readonly workspace: string
  readonly revisions: string
  /** Begin of bucket 0, the period before the first that is asked for. All that came before counts, too. */
  readonly fromMillis: number
  /** End of the last bucket. */
  readonly toMillis: number
  readonly buckets: ReadonlyArray<BucketRun>
  /** That of the periods asked for and one more. */
  readonly bucketCount: number
  readonly filter: PlanFilter
  /** Counts accounts of the type instead of people. */
  readonly accountType?: string
}

export interface LifecycleRow {
  readonly bucket: number
  /** People whose first event ever lies in the bucket. */
  readonly fresh: number
  readonly returning: number
  readonly resurrecting: number
  readonly dormant: number
}

/** What answers a {@link LifecyclePlan}: a row for each bucket from 1 on, ascending. */
export interface LifecycleRows {
  readonly rows: ReadonlyArray<LifecycleRow>
  /** Arrival of the newest event held, ms UTC. */
  readonly asOfMillis: number | undefined
}
