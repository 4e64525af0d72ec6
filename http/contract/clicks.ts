import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { ClickQuestion, ClickResult } from "../../ports/analytics/ClickQuestion.ts"
import { VitalQuestion, VitalResult } from "../../ports/analytics/VitalQuestion.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { pageParameters } from "./heatmaps.ts"
import { Text, Watermark } from "./parameters.ts"

/** What goes wrong on pages: clicks in anger and in vain, slow loading. */
export class ClicksGroup extends HttpApiGroup.make("clicks")
  .add(
    HttpApiEndpoint.get("elements", "/analytics/clicks/elements", {
      query: { ...pageParameters, path: Text, order: ClickQuestion.fields.order, watermark: Watermark },
      success: ClickResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "Clicks by element: rage clicks (three or more within a second and 30 pixels), dead clicks, and whose they are."
      ),
    HttpApiEndpoint.post("askElements", "/analytics/clicks/query", {
      query: { watermark: Watermark },
      payload: ClickQuestion,
      success: ClickResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The same as GET /analytics/clicks/elements, the question as JSON."),
    HttpApiEndpoint.get("vitals", "/analytics/web-vitals", {
      query: { ...pageParameters, path: Text, watermark: Watermark },
      success: VitalResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "LCP, INP, CLS, FCP and TTFB by page and class of devices: the 75th percentile, its rating, and shares of good and poor values."
      ),
    HttpApiEndpoint.post("askVitals", "/analytics/web-vitals/query", {
      query: { watermark: Watermark },
      payload: VitalQuestion,
      success: VitalResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The same as GET /analytics/web-vitals, the question as JSON.")
  )
  .middleware(Admission) {}
