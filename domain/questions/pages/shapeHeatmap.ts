import type { HeatmapRows } from "../../../ports/analytics/HeatmapPlan.ts"
import type { HeatmapLayer, HeatmapMap } from "../../../ports/analytics/HeatmapQuestion.ts"
import { deviceClasses } from "../../../ports/analytics/PageQuestion.ts"
import type { DeviceClass } from "../../../ports/analytics/PageQuestion.ts"
import { roundSignificant } from "../../statistics/significantDigits.ts"

type Device = DeviceClass | null

/** Rows of the store as one map for each class of devices that has any. */
export const shapeHeatmap = (rows: HeatmapRows): ReadonlyArray<HeatmapMap> =>
  [...deviceClasses, null]
    .filter((device) => [rows.layers, rows.views].some((list) => list.some((row) => row.device === device)))
    .map((device) => shapeMap(rows, device))

const shapeMap = (rows: HeatmapRows, device: Device): HeatmapMap => {
  const others = rows.otherElements.find((row) => row.device === device)
  return {
    device,
    page: shapeLayer(rows, device, false),
    fixed: shapeLayer(rows, device, true),
    elements: rows.elements
      .filter((row) => row.device === device)
      .map(({ clicks, dead, fixed, people, selector }) => ({ selector, fixed, clicks, dead, people })),
    other_elements: { elements: others?.elements ?? 0, clicks: others?.clicks ?? 0 },
    scroll: shapeScroll(rows.views.filter((row) => row.device === device))
  }
}

const shapeLayer = ({ cells, layers }: HeatmapRows, device: Device, fixed: boolean): HeatmapLayer => {
  const layer = layers.find((row) => row.device === device && row.fixed === fixed)
  return {
    clicks: layer?.clicks ?? 0,
    unplaced: layer === undefined ? 0 : layer.clicks - layer.placed,
    people: layer?.people ?? 0,
    page_width: layer?.width ?? null,
    document_height: layer?.height ?? null,
    cells: cells
      .filter((row) => row.device === device && row.fixed === fixed)
      .map(({ clicks, column, people, row }) => ({ column, row, clicks, people }))
  }
}

const percentMax = 100

const shapeScroll = (told: HeatmapRows["views"]): HeatmapMap["scroll"] => {
  const sum = (rows: HeatmapRows["views"]) => rows.reduce((total, { views }) => total + views, 0)
  const measured = sum(told.filter(({ percent }) => percent !== undefined))
  const reach = Array.from({ length: percentMax }, (_, index) => {
    const views = sum(told.filter(({ percent }) => percent !== undefined && percent >= index + 1))
    return { percent: index + 1, views, share: measured === 0 ? null : roundSignificant(views / measured) }
  })
  return { views: sum(told), measured, reach }
}
