import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { retentionPeriodsMax, RetentionQuestion, RetentionResult } from "../../ports/analytics/RetentionQuestion.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { Filters, Flag, answerParameters, Text, Watermark } from "./parameters.ts"

const { aggregate_by, as_of, cohorts, interval, mean, returned } = RetentionQuestion.fields

/** How many come back. */
export class RetentionGroup extends HttpApiGroup.make("retention")
  .add(
    HttpApiEndpoint.get("curves", "/analytics/retention", {
      query: {
        ...answerParameters,
        from: Schema.String,
        to: Schema.String,
        time_zone: Text,
        as_of,
        interval,
        periods: Schema.optionalKey(
          Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: retentionPeriodsMax }))
        ),
        start_event_types: Text,
        start_goal: Text,
        start_filters: Filters,
        return_event_types: Text,
        return_goal: Text,
        return_filters: Filters,
        filters: Filters,
        cohorts,
        returned,
        mean,
        aggregate_by,
        uncertainty: Flag
      },
      success: RetentionResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "Retention by cohorts of days, weeks or months; periods that are not over are flagged."
      ),
    HttpApiEndpoint.post("ask", "/analytics/retention/query", {
      query: { watermark: Watermark },
      payload: RetentionQuestion,
      success: RetentionResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The same as GET /analytics/retention, the question as JSON.")
  )
  .middleware(Admission) {}
