import type { VitalName, VitalPlan, VitalRow, VitalRows } from "../../ports/analytics/VitalPlan.ts"
import type { Read, Row } from "./Engine.ts"
import { deviceOf } from "./heatmap.ts"
import { newestArrival } from "./newestArrival.ts"
import { listedPagesText, vitalPagesText, vitalRowsText, vitalSamplesText, vitalTotalsText } from "./vitalText.ts"

export const answerVitals = async (read: Read, plan: VitalPlan): Promise<VitalRows> => {
  await read(vitalSamplesText(plan))
  await read(vitalPagesText(plan))
  const pages = await read(listedPagesText)
  const rows = Map.groupBy(await read(vitalRowsText), (row) => Number(row["place"]))
  return {
    totals: (await read(vitalTotalsText)).map(vitalOf),
    pages: pages.map((page) => ({
      host: page["host"] as string | null,
      path: page["path"] as string | null,
      samples: Number(page["samples"]),
      rows: (rows.get(Number(page["place"])) ?? []).map(vitalOf)
    })),
    count: Number(pages[0]?.["pages"] ?? 0),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}

const vitalOf = (row: Row): VitalRow => ({
  device: row["together"] === true ? undefined : deviceOf(row),
  name: String(row["name"]) as VitalName,
  samples: Number(row["samples"]),
  value: Number(row["value"]),
  good: Number(row["good"]),
  poor: Number(row["poor"])
})
