import { expect, it } from "vitest"
import type { HeatmapPlan } from "../../ports/analytics/HeatmapPlan.ts"
import {
  heatmapCellsText,
  heatmapClicksText,
  heatmapElementsText,
  heatmapLayersText,
  heatmapViewsText,
  otherElementsText,
  topElementsText
} from "./heatmapText.ts"

const plan: HeatmapPlan = {
  kind: "heatmap",
  workspace: "default",
  revisions: "",
  fromMillis: 1_000_000,
  toMillis: 3_000_000,
  filter: { kind: "is", field: { kind: "column", column: "path" }, value: "/pricing" },
  device: "mobile",
  columns: 64,
  rows: 128,
  top: 50
}

it("builds the text of heatmaps as it is kept", async () => {
  const texts = [
    heatmapClicksText(plan),
    heatmapLayersText,
    heatmapCellsText,
    heatmapElementsText,
    topElementsText(plan),
    otherElementsText(plan),
    heatmapViewsText(plan)
  ]
  await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/heatmap.sql")
})
