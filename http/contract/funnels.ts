import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { FunnelRevision, funnels } from "../../ports/analytics/Funnel.ts"
import { FunnelQuestion, FunnelResult } from "../../ports/analytics/FunnelQuestion.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { Id, answerParameters, Text, Watermark } from "./parameters.ts"
import { resourceEndpoints } from "./resource.ts"
import { revisionEndpoints } from "./revisions.ts"

const path = "/analytics/funnels"
const scopes = { read: "analytics:read", write: "analytics:write" }

/** How many people come how far. */
export class FunnelsGroup extends HttpApiGroup.make("funnels")
  .add(
    HttpApiEndpoint.post("ask", "/analytics/funnels/query", {
      query: { watermark: Watermark },
      payload: FunnelQuestion,
      success: FunnelResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "A funnel that is not kept: 2 to 20 steps, people by step, time to convert."),
    HttpApiEndpoint.get("conversion", "/analytics/funnels/:id/conversion", {
      params: { id: Id },
      query: {
        from: FunnelQuestion.fields.date_range.fields.from,
        to: FunnelQuestion.fields.date_range.fields.to,
        time_zone: Text,
        as_of: FunnelQuestion.fields.as_of,
        dimension: Text,
        breakdown_at: Text,
        ...answerParameters
      },
      success: FunnelResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "Conversion of a kept funnel over a range of days."),
    ...resourceEndpoints({ ...funnels, path, scopes }),
    ...revisionEndpoints({ ...funnels, path, scopes, revision: FunnelRevision })
  )
  .middleware(Admission) {}
