import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { EndpointRules, open } from "./EndpointRules.ts"

export const Health = Schema.Struct({
  status: Schema.Literals(["ready", "starting"]),
  parts: Schema.Array(Schema.Struct({ name: Schema.String, status: Schema.String }))
}).annotate({ identifier: "Health" })

/** Asked by whoever runs the service: no token, no limit. */
export class HealthGroup extends HttpApiGroup.make("health").add(
  HttpApiEndpoint.get("live", "/health/live", { success: Health })
    .annotate(EndpointRules, open)
    .annotate(OpenApi.Summary, "The process runs."),
  HttpApiEndpoint.get("ready", "/health/ready", { success: Health })
    .annotate(EndpointRules, open)
    .annotate(OpenApi.Summary, "Requests are served, parts by name; 503 while one is not ready.")
) {}
