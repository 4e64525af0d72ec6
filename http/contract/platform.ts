import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Settings } from "../../ports/platform/Settings.ts"
import { Admission } from "./Admission.ts"
import { changes, EndpointRules, reads } from "./EndpointRules.ts"
import { page } from "./pages.ts"

const Attribution = Schema.Struct({
  data: Schema.String,
  text: Schema.String,
  url: Schema.String,
  as_of: Schema.String
})

const RotatedRootKey = Schema.Struct({
  /** Of the root key that wraps from now on. */
  version: Schema.String,
  /** Keys of workspaces that were wrapped anew. */
  rewrapped: Schema.Int
}).annotate({ identifier: "RotatedRootKey" })

export class PlatformGroup extends HttpApiGroup.make("platform")
  .add(
    HttpApiEndpoint.get("settings", "/platform/settings", { success: Settings })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "The workspace's settings; their revision is the ETag."),
    HttpApiEndpoint.put("changeSettings", "/platform/settings", { payload: Settings, success: Settings })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(OpenApi.Summary, 'Replace the settings; If-Match names the revision ("0" at first).'),
    HttpApiEndpoint.post("rotateRootKey", "/platform/root-key/rotate", { success: RotatedRootKey })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(
        OpenApi.Summary,
        "Make a new root key and wrap the keys of all workspaces under it, without a pause; only for workspace default."
      ),
    HttpApiEndpoint.get("attributions", "/platform/attributions", { success: page(Attribution) })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "Sources and ages of bundled data.")
  )
  .middleware(Admission) {}
