import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { SqlRequest, SqlResult } from "../../ports/analytics/SqlRequest.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { Watermark } from "./parameters.ts"

/** Events as they are. */
export class LakeGroup extends HttpApiGroup.make("lake")
  .add(
    HttpApiEndpoint.post("sql", "/analytics/sql", {
      query: { watermark: Watermark },
      payload: SqlRequest,
      success: SqlResult
    })
      .annotate(EndpointRules, reads("analytics:sql"))
      .annotate(
        OpenApi.Summary,
        "One SELECT over the workspace's events: 10000 rows, 8 MB, 20 seconds and 256 MB of memory at the most."
      )
      .annotate(
        OpenApi.Description,
        "The answer's `watermark` tells whether two answers are of one state of the files. A state from before cannot be asked again: files are written anew as events come, so `?watermark=` is refused with `no_history`."
      )
  )
  .middleware(Admission) {}
