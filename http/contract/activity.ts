import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { LifecycleQuestion, LifecycleResult } from "../../ports/analytics/LifecycleQuestion.ts"
import { StickinessQuestion, StickinessResult } from "../../ports/analytics/StickinessQuestion.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { Filters, answerParameters, Text, Watermark } from "./parameters.ts"

const { aggregate_by, as_of, interval } = StickinessQuestion.fields
const query = {
  ...answerParameters,
  from: Schema.String,
  to: Schema.String,
  time_zone: Text,
  as_of,
  interval,
  event_types: Text,
  goal: Text,
  filters: Filters,
  aggregate_by
}

/** How often people are active, and in which state they are from period to period. */
export class ActivityGroup extends HttpApiGroup.make("activity")
  .add(
    HttpApiEndpoint.get("stickiness", "/analytics/stickiness", { query, success: StickinessResult })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "People by the number of days, weeks or months of a range that they were active on."),
    HttpApiEndpoint.post("askStickiness", "/analytics/stickiness/query", {
      query: { watermark: Watermark },
      payload: StickinessQuestion,
      success: StickinessResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The same as GET /analytics/stickiness, the question as JSON."),
    HttpApiEndpoint.get("lifecycle", "/analytics/lifecycle", { query, success: LifecycleResult })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "New, returning, resurrecting and dormant people of each day, week or month; periods that are not over are flagged."
      ),
    HttpApiEndpoint.post("askLifecycle", "/analytics/lifecycle/query", {
      query: { watermark: Watermark },
      payload: LifecycleQuestion,
      success: LifecycleResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The same as GET /analytics/lifecycle, the question as JSON.")
  )
  .middleware(Admission) {}
