import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import {
  AttributionQuestion,
  AttributionResult,
  halfLifeDaysMax,
  lookBackDaysMax,
  lookBackDaysMin
} from "../../ports/analytics/AttributionQuestion.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { Filters, Flag, answerParameters, Text, Watermark } from "./parameters.ts"

const { as_of, dimension, direct } = AttributionQuestion.fields

/** Who gets the credit. */
export class AttributionGroup extends HttpApiGroup.make("attribution")
  .add(
    HttpApiEndpoint.get("credits", "/analytics/attribution", {
      query: {
        ...answerParameters,
        from: Schema.String,
        to: Schema.String,
        time_zone: Text,
        models: Text,
        conversion_event_types: Text,
        conversion_goal: Text,
        conversion_filters: Filters,
        conversion_property: Text,
        filters: Filters,
        as_of,
        look_back_days: Schema.optionalKey(
          Schema.FiniteFromString.check(
            Schema.isInt(),
            Schema.isBetween({ minimum: lookBackDaysMin, maximum: lookBackDaysMax })
          )
        ),
        dimension,
        direct,
        half_life_days: Schema.optionalKey(
          Schema.FiniteFromString.check(Schema.isBetween({ minimum: 0, maximum: halfLifeDaysMax }))
        ),
        currency: Text,
        uncertainty: Flag
      },
      success: AttributionResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "Credit for revenue or other conversions by first touch, last touch, linear, position and time decay."
      ),
    HttpApiEndpoint.post("ask", "/analytics/attribution/query", {
      query: { watermark: Watermark },
      payload: AttributionQuestion,
      success: AttributionResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The same as GET /analytics/attribution, the question as JSON.")
  )
  .middleware(Admission) {}
