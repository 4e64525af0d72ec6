import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Schema } from "effect"
import { GrowthBookEvalRequest, GrowthBookFeatures } from "../../ports/experiments/GrowthBook.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules } from "./EndpointRules.ts"
import type { Rules } from "./EndpointRules.ts"
import { evaluateRules } from "./flags.ts"

/** GrowthBook's clients know one place for their key. */
export const growthbookRules: Rules = { ...evaluateRules, clientKey: "path" }
const params = { client_key: Schema.String.check(Schema.isMaxLength(1000)) }

/** What GrowthBook's published clients ask, in their words: names of fields are theirs. */
export class GrowthBookGroup extends HttpApiGroup.make("growthbook")
  .add(
    HttpApiEndpoint.get("features", "/api/features/:client_key", { params, success: GrowthBookFeatures })
      .annotate(EndpointRules, growthbookRules)
      .annotate(
        OpenApi.Summary,
        "GrowthBook: the flags of the key's environment for local evaluation, those that its clients evaluate as we do; for a secret key that is bound to an environment."
      ),
    HttpApiEndpoint.post("evaluate", "/api/eval/:client_key", {
      params,
      payload: GrowthBookEvalRequest,
      success: GrowthBookFeatures
    })
      .annotate(EndpointRules, growthbookRules)
      .annotate(
        OpenApi.Summary,
        "GrowthBook: remote evaluation of all flags for the client's attributes; its tracking callback tells of experiments."
      )
  )
  .middleware(Admission) {}

/** The stream that its clients listen to. */
export class GrowthBookStreamGroup extends HttpApiGroup.make("growthbookStream")
  .add(
    HttpApiEndpoint.get("stream", "/sub/:client_key", {
      params,
      success: HttpApiSchema.StreamSse({ data: Schema.Unknown })
    })
      .annotate(EndpointRules, growthbookRules)
      .annotate(
        OpenApi.Summary,
        "GrowthBook: server-sent events, `features` with all of them for a secret key, `features-updated` for a browser key, whose client then evaluates remotely again."
      )
  )
  .middleware(Admission) {}
