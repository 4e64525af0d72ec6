import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ContextAttributes } from "../../ports/experiments/EvaluateRequest.ts"
import { DefinitionKey } from "../../ports/experiments/FlagFile.ts"
import { FlagPayload } from "../../ports/experiments/FlagPayload.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules } from "./EndpointRules.ts"
import { evaluateRules } from "./flags.ts"

const query = {
  /** The key's own by default, else `production`. */
  environment: Schema.optionalKey(DefinitionKey),
  /** JSON: whom the flags are evaluated for. Without it the rules themselves, for secret keys alone. */
  context: Schema.optionalKey(Schema.fromJsonString(ContextAttributes))
}

/** What clients evaluate flags with by themselves. */
export class FlagPayloadGroup extends HttpApiGroup.make("flagPayload")
  .add(
    HttpApiEndpoint.get("payload", "/experiments/sdk/payload", { query, success: FlagPayload })
      .annotate(EndpointRules, evaluateRules)
      .annotate(
        OpenApi.Summary,
        "The flags of an environment as one file, which `domain/experiments` of the package evaluates without a server; with `context` (browser keys always) their values for it. `If-None-Match` with the strong `ETag`: 304 while it says the same."
      )
  )
  .middleware(Admission) {}

/** Streams, which the typed client does not read: in the document and under the same rules as every endpoint. */
export class FlagStreamGroup extends HttpApiGroup.make("flagStream")
  .add(
    HttpApiEndpoint.get("stream", "/experiments/sdk/stream", {
      query,
      success: HttpApiSchema.StreamSse({ data: FlagPayload })
    })
      .annotate(EndpointRules, evaluateRules)
      .annotate(
        OpenApi.Summary,
        "The same payload as server-sent events: what stands at once, then each change within a second, with the revision as the event's id; `Last-Event-ID` passes over what the reader has seen."
      )
  )
  .middleware(Admission) {}
