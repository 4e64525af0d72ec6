import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { SessionPage, SessionQuestion, SessionResult } from "../../ports/analytics/SessionQuestion.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { Cursor, Filters, Limit, answerParameters, Text, Watermark } from "./parameters.ts"

const { as_of, compare, interval } = SessionQuestion.fields
const which = {
  from: Schema.String,
  to: Schema.String,
  time_zone: Text,
  filters: Filters,
  holding_event_types: Text,
  holding_goal: Text,
  holding_filters: Filters,
  as_of
}

/** Visits: how many, how long, how deep, from where. */
export class SessionsGroup extends HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.get("sessions", "/analytics/sessions", {
      query: { ...which, interval, compare, dimension: Text, ...answerParameters },
      success: SessionResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "Sessions: how many, bounce rate, duration, pages, engaged time and scroll depth, by entry, exit, source or device."
      ),
    HttpApiEndpoint.post("ask", "/analytics/sessions/query", {
      query: { watermark: Watermark },
      payload: SessionQuestion,
      success: SessionResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The same as GET /analytics/sessions, the question as JSON."),
    HttpApiEndpoint.get("list", "/analytics/sessions/list", {
      query: { ...which, limit: Limit, cursor: Cursor, watermark: Watermark },
      success: SessionPage
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "Single sessions, the last first, each with the path to its events.")
  )
  .middleware(Admission) {}
