import type { HeatmapLayer, HeatmapMap, HeatmapResult } from "../../../ports/analytics/HeatmapQuestion.ts"

/** Size of the picture where no click tells that of the page, px. */
const widthUsual = 1280
const heightUsual = 720
const reachLines = [25, 50, 75, 100]

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }
const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (each) => escapes[each]!)

const rounded = (value: number): number => Math.round(value * 100) / 100

/**
 * The map with most clicks as an SVG of the page's size, to lay over a picture of the page: warmer and denser where more
 * clicks are; clicks on fixed elements with a blue rim, where the first screen shows them; lines where the shares of
 * views end.
 */
export const drawHeatmap = (result: HeatmapResult): string => {
  const clicksOf = ({ fixed, page }: HeatmapMap) => page.clicks + fixed.clicks
  const [map] = result.maps.toSorted((a, b) => clicksOf(b) - clicksOf(a))
  const width = map?.page.page_width ?? map?.fixed.page_width ?? widthUsual
  const height = map?.page.document_height ?? map?.fixed.document_height ?? heightUsual
  const about =
    map === undefined
      ? `${result.path}: no clicks`
      : `${result.path}, ${map.device ?? "unknown devices"}: ${clicksOf(map)} clicks, ${map.scroll.views} views`
  const parts =
    map === undefined
      ? []
      : [
          ...drawLayer(result, map.page, width, height, ""),
          ...drawLayer(
            result,
            map.fixed,
            width,
            map.fixed.document_height ?? height,
            ' stroke="#2563eb" stroke-width="2"'
          ),
          ...drawReach(map, width, height)
        ]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="sans-serif"><title>${escape(about)}</title>${parts.join("")}</svg>`
}

/** Yellow for one click, red for the most. */
const drawLayer = (
  { columns, rows }: HeatmapResult,
  { cells }: HeatmapLayer,
  width: number,
  height: number,
  more: string
): ReadonlyArray<string> => {
  const most = cells.reduce((max, { clicks }) => Math.max(max, clicks), 1)
  return cells.map(({ clicks, column, row }) => {
    const heat = most === 1 ? 1 : Math.log(clicks) / Math.log(most)
    const [x, y] = [rounded((column / columns) * width), rounded((row / rows) * height)]
    const size = `width="${rounded(width / columns)}" height="${rounded(height / rows)}"`
    const color = `hsl(${Math.round(55 - 55 * heat)} 100% 50%)`
    return `<rect x="${x}" y="${y}" ${size} fill="${color}" fill-opacity="${rounded(0.35 + 0.5 * heat)}"${more}><title>${clicks}</title></rect>`
  })
}

const drawReach = ({ scroll }: HeatmapMap, width: number, height: number): ReadonlyArray<string> =>
  reachLines.flatMap((percent) => {
    const share = scroll.reach[percent - 1]?.share
    if (share === null || share === undefined) return []
    const y = rounded((percent / 100) * height)
    return [
      `<line x1="0" y1="${y}" x2="${width}" y2="${y}" stroke="#475569" stroke-dasharray="8 6"/>`,
      `<text x="${rounded(width - 8)}" y="${rounded(y - 6)}" text-anchor="end" font-size="14" fill="#475569">${Math.round(share * 100)} %</text>`
    ]
  })
