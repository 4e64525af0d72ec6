import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import {
  heatmapColumnsMax,
  HeatmapQuestion,
  HeatmapResult,
  heatmapRowsMax
} from "../../ports/analytics/HeatmapQuestion.ts"
import { pageListMax } from "../../ports/analytics/PageQuestion.ts"
import { offsetMax } from "../../ports/analytics/Question.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { Filters, Limit, Text, Watermark } from "./parameters.ts"

const { as_of, device, path } = HeatmapQuestion.fields
const between = (minimum: number, maximum: number) =>
  Schema.optionalKey(Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum, maximum })))

/** What questions about pages take as parameters. */
export const pageParameters = {
  from: Schema.String,
  to: Schema.String,
  time_zone: Text,
  as_of,
  host: Text,
  device,
  filters: Filters,
  top: between(1, pageListMax)
}

const HeatmapPages = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  items: Schema.Array(
    Schema.Struct({
      host: Schema.NullOr(Schema.String),
      path: Schema.NullOr(Schema.String),
      clicks: Schema.Int,
      people: Schema.Int
    })
  ),
  next_offset: Schema.NullOr(Schema.Int),
  time_zone: Schema.String,
  watermark: Schema.String,
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
}).annotate({ identifier: "HeatmapPages" })

/** Where people click on a page, and how far they scroll. */
export class HeatmapsGroup extends HttpApiGroup.make("heatmaps")
  .add(
    HttpApiEndpoint.get("heatmap", "/analytics/heatmaps", {
      query: {
        ...pageParameters,
        path,
        columns: between(1, heatmapColumnsMax),
        rows: between(1, heatmapRowsMax),
        watermark: Watermark
      },
      success: HeatmapResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "Clicks on a page by class of devices, in cells of its width and height, fixed elements apart; elements; scroll reach by percent. With Accept: image/svg+xml as a picture to lay over the page."
      ),
    HttpApiEndpoint.post("ask", "/analytics/heatmaps/query", {
      query: { watermark: Watermark },
      payload: HeatmapQuestion,
      success: HeatmapResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The same as GET /analytics/heatmaps, the question as JSON."),
    HttpApiEndpoint.get("pages", "/analytics/heatmaps/pages", {
      query: { from: Schema.String, to: Schema.String, time_zone: Text, limit: Limit, offset: between(0, offsetMax) },
      success: HeatmapPages
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "Pages that were clicked on, those with most clicks first.")
  )
  .middleware(Admission) {}
