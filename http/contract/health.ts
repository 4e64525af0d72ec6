import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { EndpointRules, open } from "./EndpointRules.ts"

export const Health = Schema.Struct({
  /** `ready` and `degraded` answer 200: send requests. The others answer 503: send them elsewhere. */
  status: Schema.Literals(["ready", "degraded", "starting", "down", "stopping"]),
  parts: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      status: Schema.Literals(["ok", "degraded", "starting", "down"]),
      /** Why it is not `ok`: unavailable, overloaded, full, timeout, corrupt, defect, behind. */
      reason: Schema.optionalKey(Schema.String),
      /** Since when, UTC. */
      since: Schema.optionalKey(Schema.String)
    })
  )
}).annotate({ identifier: "Health" })
export type Health = typeof Health.Type

/** Asked by whoever runs the service: no token, no limit. */
export class HealthGroup extends HttpApiGroup.make("health").add(
  HttpApiEndpoint.get("live", "/health/live", { success: Health })
    .annotate(EndpointRules, open)
    .annotate(OpenApi.Summary, "The process runs."),
  HttpApiEndpoint.get("ready", "/health/ready", { success: Health })
    .annotate(EndpointRules, open)
    .annotate(
      OpenApi.Summary,
      "Requests are served; parts by name, and since when one is not well. 503 while starting, down or stopping."
    )
) {}
