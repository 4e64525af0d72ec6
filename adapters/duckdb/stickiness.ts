import type { StickinessPlan, StickinessRows } from "../../ports/analytics/StickinessPlan.ts"
import { stickinessText } from "./activityText.ts"
import type { Read } from "./Engine.ts"
import { newestArrival } from "./newestArrival.ts"

export const answerStickiness = async (read: Read, plan: StickinessPlan): Promise<StickinessRows> => {
  const rows = await read(stickinessText(plan))
  return {
    rows: rows.map((row) => ({ buckets: Number(row["buckets"]), people: Number(row["people"]) })),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}
