import { Schema } from "effect"
import { DeviceClass, pageAnswerFields, pageFields } from "./PageQuestion.ts"

export const heatmapColumnsMax = 100
export const heatmapColumnsUsual = 64
export const heatmapRowsMax = 150
export const heatmapRowsUsual = 128

export const HeatmapQuestion = Schema.Struct({
  ...pageFields,
  path: pageFields.path.schema,
  /** Cells that the page's width is divided into: 1 to 100, 64 by default. */
  columns: Schema.optionalKey(Schema.Int),
  /** Cells that the document's height is divided into: 1 to 150, 128 by default. */
  rows: Schema.optionalKey(Schema.Int)
}).annotate({
  identifier: "HeatmapQuestion",
  examples: [{ date_range: { from: "2026-11-01", to: "2026-11-23" }, path: "/pricing", device: "desktop" }]
})
export type HeatmapQuestion = typeof HeatmapQuestion.Type

export const HeatmapLayer = Schema.Struct({
  clicks: Schema.Int,
  /** Of these, clicks that do not tell where they were, or on a page of what size. */
  unplaced: Schema.Int,
  people: Schema.Int,
  /** Median of the placed clicks, px. */
  page_width: Schema.NullOr(Schema.Finite),
  document_height: Schema.NullOr(Schema.Finite),
  /** Cells with clicks, by row and column, counted from 0 at the top left. */
  cells: Schema.Array(Schema.Struct({ column: Schema.Int, row: Schema.Int, clicks: Schema.Int, people: Schema.Int }))
})
export type HeatmapLayer = typeof HeatmapLayer.Type

export const HeatmapMap = Schema.Struct({
  /** `null`: neither user agent nor width tell. */
  device: Schema.NullOr(DeviceClass),
  /** Clicks on what scrolls with the page, on its width and height. */
  page: HeatmapLayer,
  /** Clicks on what is fixed on the screen, on the screen: `document_height` is the screen's where the tracker sent it. */
  fixed: HeatmapLayer,
  /** Most clicks first. */
  elements: Schema.Array(
    Schema.Struct({
      selector: Schema.String,
      fixed: Schema.Boolean,
      clicks: Schema.Int,
      dead: Schema.Int,
      people: Schema.Int
    })
  ),
  /** What is behind the top. */
  other_elements: Schema.Struct({ elements: Schema.Int, clicks: Schema.Int }),
  scroll: Schema.Struct({
    /** Page views in the range. */
    views: Schema.Int,
    /** Of these, views that told how far they were scrolled. */
    measured: Schema.Int,
    /** For each percent of the page from 1 to 100: views that came to see it, and their share of the measured ones. */
    reach: Schema.Array(Schema.Struct({ percent: Schema.Int, views: Schema.Int, share: Schema.NullOr(Schema.Finite) }))
  })
})
export type HeatmapMap = typeof HeatmapMap.Type

export const HeatmapResult = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  path: Schema.String,
  columns: Schema.Int,
  rows: Schema.Int,
  /** One for each class of devices with clicks or views: desktop, tablet, mobile, unknown. */
  maps: Schema.Array(HeatmapMap),
  ...pageAnswerFields
}).annotate({ identifier: "HeatmapResult" })
export type HeatmapResult = typeof HeatmapResult.Type
