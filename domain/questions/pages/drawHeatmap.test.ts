import { assert, describe, it } from "vitest"
import type { HeatmapLayer, HeatmapResult } from "../../../ports/analytics/HeatmapQuestion.ts"
import { drawHeatmap } from "./drawHeatmap.ts"

const none: HeatmapLayer = {
  clicks: 0,
  unplaced: 0,
  people: 0,
  page_width: null,
  document_height: null,
  cells: []
}
const reach = Array.from({ length: 100 }, (_, index) => ({ percent: index + 1, views: 1, share: index < 50 ? 1 : 0.5 }))
const result: HeatmapResult = {
  from: "2026-11-01T00:00:00+00:00",
  to: "2026-11-02T00:00:00+00:00",
  path: '/<a href="x">&',
  columns: 10,
  rows: 20,
  maps: [
    {
      device: "desktop",
      page: {
        clicks: 5,
        unplaced: 0,
        people: 2,
        page_width: 1000,
        document_height: 2000,
        cells: [
          { column: 0, row: 0, clicks: 4, people: 1 },
          { column: 9, row: 19, clicks: 1, people: 1 }
        ]
      },
      fixed: { ...none, clicks: 1, document_height: 800, cells: [{ column: 5, row: 19, clicks: 1, people: 1 }] },
      elements: [],
      other_elements: { elements: 0, clicks: 0 },
      scroll: { views: 2, measured: 2, reach }
    }
  ],
  as_of: null,
  time_zone: "UTC",
  watermark: "",
  query_hash: "",
  warnings: []
}

describe("drawHeatmap", () => {
  it("puts each cell where it is on the page, fixed ones on the first screen, and says how many come how far", () => {
    const picture = drawHeatmap(result)
    assert.include(picture, 'viewBox="0 0 1000 2000"')
    assert.include(picture, '<rect x="0" y="0" width="100" height="100" fill="hsl(0 100% 50%)" fill-opacity="0.85">')
    assert.include(picture, '<rect x="900" y="1900" width="100" height="100" fill="hsl(55 100% 50%)"')
    assert.match(picture, /<rect x="500" y="760" width="100" height="40"[^>]*stroke="#2563eb"/)
    assert.include(picture, 'y="994" text-anchor="end" font-size="14" fill="#475569">100 %</text>')
    assert.include(picture, 'y="1994" text-anchor="end" font-size="14" fill="#475569">50 %</text>')
  })

  it("brings nothing of the page but as text", () => {
    assert.include(drawHeatmap(result), "<title>/&lt;a href=&quot;x&quot;&gt;&amp;, desktop: 6 clicks, 2 views</title>")
    assert.notMatch(drawHeatmap(result), /<(a|script|image|use)\b|url\(/i)
  })

  it("is a picture without clicks too", () =>
    assert.match(drawHeatmap({ ...result, maps: [] }), /^<svg .*no clicks<\/title><\/svg>$/))
})
