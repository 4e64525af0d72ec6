import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ApiKey, ApiKeyChange, KeyRotation, MadeApiKey, NewApiKey, Revocation } from "../../ports/platform/ApiKey.ts"
import { Admission } from "./Admission.ts"
import { changes, creates, EndpointRules, reads } from "./EndpointRules.ts"
import { page } from "./pages.ts"
import { Cursor, Id, Limit } from "./parameters.ts"

/** Keys of the caller's workspace. A token is shown when its key is made, and never stored. */
export class KeysGroup extends HttpApiGroup.make("keys")
  .add(
    HttpApiEndpoint.get("list", "/platform/keys", { query: { limit: Limit, cursor: Cursor }, success: page(ApiKey) })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "Keys, newest first; never their tokens."),
    HttpApiEndpoint.post("create", "/platform/keys", {
      payload: NewApiKey,
      success: MadeApiKey.pipe(HttpApiSchema.status(201))
    })
      .annotate(EndpointRules, creates("platform:write"))
      .annotate(OpenApi.Summary, "Make a key; its token is shown this once."),
    HttpApiEndpoint.post("revokeToken", "/platform/keys/revocations", { payload: Revocation, success: ApiKey })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(OpenApi.Summary, "Revoke a token by its id (jti), also one of the command line or another issuer."),
    HttpApiEndpoint.get("read", "/platform/keys/:id", { params: { id: Id }, success: ApiKey })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "A key; its revision is the ETag."),
    HttpApiEndpoint.patch("change", "/platform/keys/:id", {
      params: { id: Id },
      payload: ApiKeyChange,
      success: ApiKey
    })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(OpenApi.Summary, "Change name or limits of the key that If-Match names the revision of."),
    HttpApiEndpoint.delete("revoke", "/platform/keys/:id", { params: { id: Id }, success: ApiKey })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(OpenApi.Summary, "Revoke a key, within one second everywhere."),
    HttpApiEndpoint.post("rotate", "/platform/keys/:id/rotate", {
      params: { id: Id },
      payload: KeyRotation,
      success: MadeApiKey.pipe(HttpApiSchema.status(201))
    })
      .annotate(EndpointRules, creates("platform:write"))
      .annotate(OpenApi.Summary, "Make a key of the same rights; the old one ends after the overlap (24 hours).")
  )
  .middleware(Admission) {}
