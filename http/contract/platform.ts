import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ApiKey, MadeApiKey, NewApiKey } from "../../ports/platform/ApiKey.ts"
import { Settings } from "../../ports/platform/Settings.ts"
import { Admission } from "./Admission.ts"
import { changes, creates, EndpointRules, reads } from "./EndpointRules.ts"
import { Cursor, Id, Limit, Text } from "./parameters.ts"

const page = <S extends Schema.Top>(item: S) =>
  Schema.Struct({ items: Schema.Array(item), next: Schema.NullOr(Schema.String) })

const AuditItem = Schema.Struct({
  id: Schema.String,
  at: Schema.Int,
  actor: Schema.String,
  action: Schema.String,
  target: Schema.String,
  from: Schema.optionalKey(Schema.String),
  request_id: Schema.String,
  before: Schema.optionalKey(Schema.Unknown),
  after: Schema.optionalKey(Schema.Unknown)
}).annotate({ identifier: "AuditItem" })

const DeadLetterItem = Schema.Struct({
  id: Schema.String,
  consumer: Schema.String,
  reason: Schema.String,
  detail: Schema.String,
  failed_at: Schema.Int,
  attempts: Schema.Int
}).annotate({ identifier: "DeadLetterItem" })

const Attribution = Schema.Struct({
  data: Schema.String,
  text: Schema.String,
  url: Schema.String,
  as_of: Schema.String
})

export class PlatformGroup extends HttpApiGroup.make("platform")
  .add(
    HttpApiEndpoint.get("settings", "/platform/settings", { success: Settings })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "The workspace's settings; their revision is the ETag."),
    HttpApiEndpoint.put("changeSettings", "/platform/settings", { payload: Settings, success: Settings })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(OpenApi.Summary, 'Replace the settings; If-Match names the revision ("0" at first).'),
    HttpApiEndpoint.get("keys", "/platform/keys", { query: { limit: Limit, cursor: Cursor }, success: page(ApiKey) })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "Keys, newest first; never their tokens."),
    HttpApiEndpoint.post("createKey", "/platform/keys", {
      payload: NewApiKey,
      success: MadeApiKey.pipe(HttpApiSchema.status(201))
    })
      .annotate(EndpointRules, creates("platform:write"))
      .annotate(OpenApi.Summary, "Make a key; its token is shown this once."),
    HttpApiEndpoint.delete("revokeKey", "/platform/keys/:id", { params: { id: Id }, success: ApiKey })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(OpenApi.Summary, "Revoke a key, within one second everywhere."),
    HttpApiEndpoint.get("audit", "/platform/audit", {
      query: { actor: Text, action: Text, limit: Limit, cursor: Cursor },
      success: page(AuditItem)
    })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "Who changed what, newest first."),
    HttpApiEndpoint.get("deadLetters", "/platform/dead-letters", {
      query: { consumer: Text, limit: Limit, cursor: Cursor },
      success: page(DeadLetterItem)
    })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "Lines that a consumer could not take."),
    HttpApiEndpoint.post("redrive", "/platform/dead-letters/:id/redrive", { params: { id: Id } })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(OpenApi.Summary, "Put a dead letter back into the log."),
    HttpApiEndpoint.get("attributions", "/platform/attributions", {
      success: page(Attribution)
    })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "Sources and ages of bundled data.")
  )
  .middleware(Admission) {}
