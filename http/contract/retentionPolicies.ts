import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import {
  legalHolds,
  RetentionDryRun,
  RetentionForecast,
  retentionPolicies
} from "../../ports/analytics/RetentionPolicy.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { resourceEndpoints } from "./resource.ts"

const scopes = { read: "analytics:read", write: "analytics:write" }

/** How long events are kept. */
export class RetentionPoliciesGroup extends HttpApiGroup.make("retention_policies")
  .add(
    HttpApiEndpoint.post("dryRun", "/analytics/retention-policies/dry-run", {
      payload: RetentionDryRun,
      success: RetentionForecast
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "What the policies would remove now, or with another one: events by type, the oldest day, and what legal holds keep."
      ),
    ...resourceEndpoints({ ...retentionPolicies, path: "/analytics/retention-policies", scopes })
  )
  .middleware(Admission) {}

/** What must stay whatever policies say. */
export class LegalHoldsGroup extends HttpApiGroup.make("legal_holds")
  .add(...resourceEndpoints({ ...legalHolds, path: "/analytics/legal-holds", scopes }))
  .middleware(Admission) {}
