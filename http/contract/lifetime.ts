import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { LifetimeQuestion, LifetimeResult } from "../../ports/analytics/LifetimeQuestion.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { Filters, Flag, answerParameters, Text, Watermark } from "./parameters.ts"

const { interval } = LifetimeQuestion.fields
const Whole = Schema.optionalKey(Schema.FiniteFromString.check(Schema.isInt()))

/** What customers bring. */
export class LifetimeGroup extends HttpApiGroup.make("ltv")
  .add(
    HttpApiEndpoint.get("values", "/analytics/ltv", {
      query: {
        ...answerParameters,
        from: Schema.String,
        to: Schema.String,
        time_zone: Text,
        currency: Text,
        interval,
        periods: Whole,
        predict: Flag,
        uncertainty: Flag,
        calibration_end: Text,
        horizon_weeks: Whole,
        weekly_discount_rate: Schema.optionalKey(Schema.FiniteFromString),
        filters: Filters,
        customer: Text
      },
      success: LifetimeResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "Customer lifetime value by cohorts of first orders: what they brought, and what BG/NBD and Gamma-Gamma expect of them."
      ),
    HttpApiEndpoint.post("ask", "/analytics/ltv/query", {
      query: { watermark: Watermark },
      payload: LifetimeQuestion,
      success: LifetimeResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The same as GET /analytics/ltv, the question as JSON.")
  )
  .middleware(Admission) {}
