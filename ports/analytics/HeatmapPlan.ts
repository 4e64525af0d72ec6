import type { DeviceClass } from "./PageQuestion.ts"
import type { PlanFilter } from "./PlanFilter.ts"

/** A page that was scrolled later than this after it was opened was opened anew. */
export const viewMillisMax = 86_400_000

/** Which pages and devices are meant. */
export interface PageSelection {
  readonly workspace: string
  readonly revisions: string
  readonly fromMillis: number
  /** Exclusive. */
  readonly toMillis: number
  /** Holds for every event that is counted. */
  readonly filter: PlanFilter
  readonly device: DeviceClass | undefined
  /** Elements or pages to show. */
  readonly top: number
}

/**
 * Clicks of the range in cells of the page, each click by its share of the page's width and of the document's height (at
 * the edge where it lies outside), those on fixed elements apart. Page views of the range by how far they were scrolled:
 * a `page_exit` or `scroll_depth` tells it of the last page view of its device on that page before it (in arrival
 * order), within {@link viewMillisMax}; a view counts in the class of devices of its `page_view`.
 */
export interface HeatmapPlan extends PageSelection {
  readonly kind: "heatmap"
  readonly columns: number
  readonly rows: number
}

export interface HeatmapLayerRow {
  readonly device: DeviceClass | null
  readonly fixed: boolean
  readonly clicks: number
  readonly placed: number
  readonly people: number
  readonly width: number | null
  readonly height: number | null
}

/** What answers a {@link HeatmapPlan}. */
export interface HeatmapRows {
  readonly layers: ReadonlyArray<HeatmapLayerRow>
  /** By row, then by column. */
  readonly cells: ReadonlyArray<{
    readonly device: DeviceClass | null
    readonly fixed: boolean
    readonly column: number
    readonly row: number
    readonly clicks: number
    readonly people: number
  }>
  /** Of each device most clicks first, then by selector, those on the page before fixed ones. */
  readonly elements: ReadonlyArray<{
    readonly device: DeviceClass | null
    readonly selector: string
    readonly fixed: boolean
    readonly clicks: number
    readonly dead: number
    readonly people: number
  }>
  /** What is behind the top. */
  readonly otherElements: ReadonlyArray<{
    readonly device: DeviceClass | null
    readonly elements: number
    readonly clicks: number
  }>
  /** Page views by the furthest whole percent, `undefined` where nothing tells it. */
  readonly views: ReadonlyArray<{
    readonly device: DeviceClass | null
    readonly percent: number | undefined
    readonly views: number
  }>
  /** Arrival of the newest event held, ms UTC. */
  readonly asOfMillis: number | undefined
}
