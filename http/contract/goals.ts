import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { GoalRevision, goals } from "../../ports/analytics/Goal.ts"
import { GoalConversions, GoalQuestion, GoalRequest, OneGoalConversion } from "../../ports/analytics/GoalQuestion.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { Filters, Id, Text, Watermark } from "./parameters.ts"
import { resourceEndpoints } from "./resource.ts"
import { revisionEndpoints } from "./revisions.ts"

const path = "/analytics/goals"
const scopes = { read: "analytics:read", write: "analytics:write" }
const { as_of, interval } = GoalRequest.fields
const parameters = {
  from: Schema.String,
  to: Schema.String,
  time_zone: Text,
  as_of,
  interval,
  dimension: Text,
  filters: Filters,
  currency: Text,
  watermark: Watermark
}

/** Conversions that have a name. */
export class GoalsGroup extends HttpApiGroup.make("goals")
  .add(
    HttpApiEndpoint.get("conversions", "/analytics/goals/conversions", {
      query: { ...parameters, goals: Text },
      success: GoalConversions
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "Every goal: who converted of those who came, how often, and what it is worth; of the past too, as goals are today."
      ),
    HttpApiEndpoint.post("ask", "/analytics/goals/query", {
      query: { watermark: Watermark },
      payload: GoalQuestion,
      success: GoalConversions
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The same as GET /analytics/goals/conversions, the question as JSON."),
    HttpApiEndpoint.get("conversion", "/analytics/goals/:id/conversion", {
      params: { id: Id },
      query: parameters,
      success: OneGoalConversion
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "Conversions and rate of one goal over a range of days."),
    ...resourceEndpoints({ ...goals, path, scopes }),
    ...revisionEndpoints({ ...goals, path, scopes, revision: GoalRevision })
  )
  .middleware(Admission) {}
