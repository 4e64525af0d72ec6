import type { LifecyclePlan, LifecycleRow, LifecycleRows } from "../../ports/analytics/LifecyclePlan.ts"
import { lifecyclePatternsText, lifecycleRowsText } from "./activityText.ts"
import type { Read, Row } from "./Engine.ts"
import { newestArrival } from "./newestArrival.ts"

export const answerLifecycle = async (read: Read, plan: LifecyclePlan): Promise<LifecycleRows> => {
  await read(lifecyclePatternsText(plan))
  const [counts = {}] = await read(lifecycleRowsText(plan))
  return {
    rows: Array.from({ length: plan.bucketCount - 1 }, (_, index) => rowOf(counts, index + 1)),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}

/** Whoever is active and neither new nor returning is back after a pause; whoever was active and did not return is dormant. */
const rowOf = (counts: Row, bucket: number): LifecycleRow => {
  const number = (name: string, at = bucket) => Number(counts[`${name}${at}`])
  const [fresh, returning] = [number("fresh"), number("returning")]
  return {
    bucket,
    fresh,
    returning,
    resurrecting: number("active") - fresh - returning,
    dormant: number("active", bucket - 1) - returning
  }
}
