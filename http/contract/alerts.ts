import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { AlertRevision, alerts, AlertSnooze, AlertState, AlertTest, Incident } from "../../ports/analytics/Alert.ts"
import { Admission } from "./Admission.ts"
import { changes, EndpointRules, reads } from "./EndpointRules.ts"
import { page } from "./pages.ts"
import { Cursor, Id, Limit, Text } from "./parameters.ts"
import { resourceEndpoints } from "./resource.ts"
import { revisionEndpoints } from "./revisions.ts"

const path = "/analytics/alerts"
const scopes = { read: "analytics:read", write: "analytics:write" }

/** Numbers that are watched. */
export class AlertsGroup extends HttpApiGroup.make("alerts")
  .add(
    HttpApiEndpoint.get("state", "/analytics/alerts/:id/state", { params: { id: Id }, success: AlertState })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "How an alert stands: what was found last, and when it looks next."),
    HttpApiEndpoint.post("test", "/analytics/alerts/:id/test", { params: { id: Id }, success: AlertTest })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "What an alert would have found in the last 48 hours, 14 days or 4 weeks, and what it would say now; sends nothing."
      ),
    HttpApiEndpoint.post("snooze", "/analytics/alerts/:id/snooze", {
      params: { id: Id },
      payload: AlertSnooze,
      success: AlertState
    })
      .annotate(EndpointRules, changes("analytics:write"))
      .annotate(OpenApi.Summary, "No message until then; `null` ends the snooze. Incidents are listed all the same."),
    ...resourceEndpoints({ ...alerts, path, scopes }),
    ...revisionEndpoints({ ...alerts, path, scopes, revision: AlertRevision })
  )
  .middleware(Admission) {}

/** What alerts noticed. */
export class IncidentsGroup extends HttpApiGroup.make("incidents")
  .add(
    HttpApiEndpoint.get("list", "/analytics/incidents", {
      query: { alert: Text, limit: Limit, cursor: Cursor },
      success: page(Incident)
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "Incidents with the numbers that made them, newest first; of one alert where it is named."
      ),
    HttpApiEndpoint.get("read", "/analytics/incidents/:id", { params: { id: Id }, success: Incident })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "One incident.")
  )
  .middleware(Admission) {}
