import type { ClickCounts, ClickPlan, ClickRows } from "../../ports/analytics/ClickPlan.ts"
import { rageClicksText, rageElementsText, rageTotalsText } from "./clickText.ts"
import type { Read, Row } from "./Engine.ts"
import { newestArrival } from "./newestArrival.ts"

export const answerClicks = async (read: Read, plan: ClickPlan): Promise<ClickRows> => {
  await read(rageClicksText(plan))
  const elements = await read(rageElementsText(plan))
  const [totals = {}] = await read(rageTotalsText)
  return {
    elements: elements.map((row) => ({
      host: row["host"] as string | null,
      path: row["path"] as string | null,
      selector: String(row["selector"]),
      ...countsOf(row)
    })),
    count: Number(elements[0]?.["elements"] ?? 0),
    totals: countsOf(totals),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}

const countsOf = (row: Row): ClickCounts => ({
  clicks: Number(row["clicks"]),
  rageClicks: Number(row["rage_clicks"]),
  rageBursts: Number(row["rage_bursts"]),
  deadClicks: Number(row["dead_clicks"]),
  people: Number(row["people"]),
  ragePeople: Number(row["rage_people"]),
  deadPeople: Number(row["dead_people"])
})
