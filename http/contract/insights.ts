import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { InsightAnswer, InsightRevision, insights } from "../../ports/analytics/Insight.ts"
import { NewShare, Share, SharedAnswer } from "../../ports/analytics/Share.ts"
import { Admission } from "./Admission.ts"
import { AskedAnnotations } from "./annotations.ts"
import { changes, creates, EndpointRules, open, reads } from "./EndpointRules.ts"
import { page } from "./pages.ts"
import { Cursor, Id, Limit, answerParameters, Text } from "./parameters.ts"
import { resourceEndpoints } from "./resource.ts"
import { revisionEndpoints } from "./revisions.ts"

const path = "/analytics/insights"
const scopes = { read: "analytics:read", write: "analytics:write" }

/** Kept questions. */
export class InsightsGroup extends HttpApiGroup.make("insights")
  .add(
    HttpApiEndpoint.get("answer", "/analytics/insights/:id/answer", {
      params: { id: Id },
      query: { ...answerParameters, annotations: AskedAnnotations },
      success: InsightAnswer
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The answer to a kept question, as it stands now."),
    ...resourceEndpoints({ ...insights, path, scopes }),
    ...revisionEndpoints({ ...insights, path, scopes, revision: InsightRevision })
  )
  .middleware(Admission) {}

/** Links by which anybody reads one answer. */
export class SharesGroup extends HttpApiGroup.make("shares")
  .add(
    HttpApiEndpoint.get("list", "/analytics/shares", { query: { limit: Limit, cursor: Cursor }, success: page(Share) })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "Every share link, newest first."),
    HttpApiEndpoint.post("create", "/analytics/shares", {
      payload: NewShare,
      success: Share.pipe(HttpApiSchema.status(201))
    })
      .annotate(EndpointRules, creates("analytics:write"))
      .annotate(
        OpenApi.Summary,
        "Make a link to an insight or a dashboard; whoever has it reads the answers, without a token."
      ),
    HttpApiEndpoint.get("read", "/analytics/shares/:id", { params: { id: Id }, success: Share })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "One share link."),
    HttpApiEndpoint.delete("remove", "/analytics/shares/:id", { params: { id: Id } })
      .annotate(EndpointRules, changes("analytics:write"))
      .annotate(OpenApi.Summary, "Revoke a link: it leads nowhere from then on.")
  )
  .middleware(Admission) {}

/** What share links lead to. */
export class SharedGroup extends HttpApiGroup.make("shared").add(
  HttpApiEndpoint.get("answer", "/s/:slug", {
    params: { slug: Schema.String },
    query: { width: Text, height: Text },
    success: SharedAnswer
  })
    .annotate(EndpointRules, open)
    .annotate(
      OpenApi.Summary,
      "The answer that a share link leads to, counted by address. A picture where .svg stands behind the slug."
    )
) {}
