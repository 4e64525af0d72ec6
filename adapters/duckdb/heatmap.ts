import type { HeatmapPlan, HeatmapRows } from "../../ports/analytics/HeatmapPlan.ts"
import type { DeviceClass } from "../../ports/analytics/PageQuestion.ts"
import type { Read, Row } from "./Engine.ts"
import {
  heatmapCellsText,
  heatmapClicksText,
  heatmapElementsText,
  heatmapLayersText,
  heatmapViewsText,
  otherElementsText,
  topElementsText
} from "./heatmapText.ts"
import { newestArrival } from "./newestArrival.ts"

export const answerHeatmap = async (read: Read, plan: HeatmapPlan): Promise<HeatmapRows> => {
  await read(heatmapClicksText(plan))
  await read(heatmapElementsText)
  const layers = await read(heatmapLayersText)
  const cells = await read(heatmapCellsText)
  const elements = await read(topElementsText(plan))
  const others = await read(otherElementsText(plan))
  const views = await read(heatmapViewsText(plan))
  return {
    layers: layers.map((row) => ({
      ...placeOf(row),
      clicks: Number(row["clicks"]),
      placed: Number(row["placed"]),
      people: Number(row["people"]),
      width: row["width"] as number | null,
      height: row["height"] as number | null
    })),
    cells: cells.map((row) => ({
      ...placeOf(row),
      column: Number(row["column"]),
      row: Number(row["row"]),
      clicks: Number(row["clicks"]),
      people: Number(row["people"])
    })),
    elements: elements.map((row) => ({
      ...placeOf(row),
      selector: String(row["selector"]),
      clicks: Number(row["clicks"]),
      dead: Number(row["dead"]),
      people: Number(row["people"])
    })),
    otherElements: others.map((row) => ({
      device: deviceOf(row),
      elements: Number(row["elements"]),
      clicks: Number(row["clicks"])
    })),
    views: views.map((row) => ({
      device: deviceOf(row),
      percent: row["percent"] === null ? undefined : Number(row["percent"]),
      views: Number(row["views"])
    })),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}

export const deviceOf = (row: Row): DeviceClass | null => (row["device"] ?? null) as DeviceClass | null

const placeOf = (row: Row) => ({ device: deviceOf(row), fixed: row["fixed"] === true })
