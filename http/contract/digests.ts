import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { DigestPreview, DigestRevision, digests, DigestState } from "../../ports/analytics/Digest.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { Id } from "./parameters.ts"
import { resourceEndpoints } from "./resource.ts"
import { revisionEndpoints } from "./revisions.ts"

const path = "/analytics/digests"
const scopes = { read: "analytics:read", write: "analytics:write" }

/** Numbers by e-mail. */
export class DigestsGroup extends HttpApiGroup.make("digests")
  .add(
    HttpApiEndpoint.get("state", "/analytics/digests/:id/state", { params: { id: Id }, success: DigestState })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "When a digest was sent last, and when it is sent next."),
    HttpApiEndpoint.post("preview", "/analytics/digests/:id/preview", { params: { id: Id }, success: DigestPreview })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "What a digest would say now, as text and HTML; sends nothing."),
    ...resourceEndpoints({ ...digests, path, scopes }),
    ...revisionEndpoints({ ...digests, path, scopes, revision: DigestRevision })
  )
  .middleware(Admission) {}
