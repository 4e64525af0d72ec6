import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import {
  ChannelPreview,
  ChannelPreviewQuestion,
  ChannelRules,
  ChannelRulesRevision,
  NewChannelRules,
  RestoredRevision
} from "../../ports/analytics/ChannelRules.ts"
import { Admission } from "./Admission.ts"
import { changes, EndpointRules, reads } from "./EndpointRules.ts"
import { page } from "./pages.ts"
import { Cursor, Limit } from "./parameters.ts"

const path = "/analytics/channel-rules"

/** How visits are grouped by where they came from. */
export class ChannelRulesGroup extends HttpApiGroup.make("channel_rules")
  .add(
    HttpApiEndpoint.get("read", path, { success: ChannelRules })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "The workspace's own rules in their order, the first that holds wins, and the default grouping behind them; their revision is the ETag."
      ),
    HttpApiEndpoint.put("replace", path, { payload: NewChannelRules, success: ChannelRules })
      .annotate(EndpointRules, changes("analytics:write"))
      .annotate(
        OpenApi.Summary,
        'Replace the rules; If-Match names the revision ("0" at first). Past sessions are judged by them too.'
      ),
    HttpApiEndpoint.get("revisions", `${path}/revisions`, {
      query: { limit: Limit, cursor: Cursor },
      success: page(ChannelRulesRevision)
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The newest 50 revisions of the rules, newest first."),
    HttpApiEndpoint.post("restore", `${path}/restore`, { payload: RestoredRevision, success: ChannelRules })
      .annotate(EndpointRules, changes("analytics:write"))
      .annotate(OpenApi.Summary, "Make the rules again what they were at a revision: as a revision of its own."),
    HttpApiEndpoint.post("preview", `${path}/preview`, { payload: ChannelPreviewQuestion, success: ChannelPreview })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "How the sessions of a range would be classified by other rules: by channel before and after, and what moves."
      ),
    HttpApiEndpoint.delete("remove", path, {})
      .annotate(EndpointRules, changes("analytics:write"))
      .annotate(OpenApi.Summary, "Delete the rules: the default grouping alone counts again.")
  )
  .middleware(Admission) {}
