import type { LifecycleRows } from "../../../ports/analytics/LifecyclePlan.ts"
import type { LifecycleResult } from "../../../ports/analytics/LifecycleQuestion.ts"
import { formatInstant } from "../../zones/zones.ts"
import type { PlannedLifecycle } from "./planLifecycle.ts"

/** Rows of the store as the answer: every period of the range. */
export const shapeLifecycle = (
  { bucketStarts, zone }: PlannedLifecycle,
  { asOfMillis, rows }: LifecycleRows
): LifecycleResult["periods"] =>
  rows.map(({ bucket, dormant, fresh, resurrecting, returning }) => ({
    start: formatInstant(zone, bucketStarts[bucket]!),
    active: fresh + returning + resurrecting,
    new: fresh,
    returning,
    resurrecting,
    // Zero has no sign here.
    dormant: 0 - dormant,
    complete: bucketStarts[bucket + 1]! <= (asOfMillis ?? 0)
  }))
