import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { DashboardAnswers, DashboardRevision, dashboards } from "../../ports/analytics/Dashboard.ts"
import { Admission } from "./Admission.ts"
import { AskedAnnotations } from "./annotations.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { Id, Watermark } from "./parameters.ts"
import { resourceEndpoints } from "./resource.ts"
import { revisionEndpoints } from "./revisions.ts"

const path = "/analytics/dashboards"
const scopes = { read: "analytics:read", write: "analytics:write" }

/** Insights side by side. */
export class DashboardsGroup extends HttpApiGroup.make("dashboards")
  .add(
    HttpApiEndpoint.get("answers", "/analytics/dashboards/:id/answers", {
      params: { id: Id },
      query: { annotations: AskedAnnotations, watermark: Watermark },
      success: DashboardAnswers
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The answers of all tiles; one that fails says so in its own place."),
    ...resourceEndpoints({ ...dashboards, path, scopes }),
    ...revisionEndpoints({ ...dashboards, path, scopes, revision: DashboardRevision })
  )
  .middleware(Admission) {}
