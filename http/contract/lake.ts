import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { SqlRequest, SqlResult } from "../../ports/analytics/SqlRequest.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"

/** Events as they are. */
export class LakeGroup extends HttpApiGroup.make("lake")
  .add(
    HttpApiEndpoint.post("sql", "/analytics/sql", { payload: SqlRequest, success: SqlResult })
      .annotate(EndpointRules, reads("analytics:sql"))
      .annotate(
        OpenApi.Summary,
        "One SELECT over the workspace's events: 10000 rows, 8 MB, 20 seconds and 256 MB of memory at the most."
      )
  )
  .middleware(Admission) {}
