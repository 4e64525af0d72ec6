import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import {
  CodeBranch,
  CodeReferencesReceipt,
  FlagReferences,
  NewCodeReferences
} from "../../ports/experiments/CodeReference.ts"
import { environments, Flag, FlagArchiving, flags, holdouts, segments } from "../../ports/experiments/Flag.ts"
import {
  BulkEvaluateRequest,
  EvaluatedValue,
  EvaluatedValues,
  EvaluateRequest
} from "../../ports/experiments/EvaluateRequest.ts"
import { ExplainRequest, FlagExplanation } from "../../ports/experiments/FlagExplanation.ts"
import { FlagPreview, PreviewRequest } from "../../ports/experiments/FlagPreview.ts"
import { FlagRevision } from "../../ports/experiments/FlagRevision.ts"
import { ExperimentResults } from "../../ports/experiments/ExperimentResults.ts"
import { FlagStaleness } from "../../ports/experiments/FlagStaleness.ts"
import { FlagUsageAnswer } from "../../ports/experiments/FlagUsage.ts"
import { NewPromotion, Promotion } from "../../ports/experiments/Promotion.ts"
import { Admission } from "./Admission.ts"
import { changes, EndpointRules, reads } from "./EndpointRules.ts"
import type { Rules } from "./EndpointRules.ts"
import { page } from "./pages.ts"
import { Cursor, Id, Limit, pictureParameters, ResultTable, Text } from "./parameters.ts"
import { resourceEndpoints } from "./resource.ts"

const scopes = { read: "experiments:read", write: "experiments:write" }
export const evaluateRules: Rules = {
  scope: "flags:evaluate",
  rate_class: "evaluate",
  idempotent: false,
  audited: false
}

/** Token of a link of `/experiments/qa-links`, which forces variants and exposes nobody. */
export const linked = { query: { qa: Text }, headers: { "x-qa-link": Text } }

/** Feature flags, and their values. The id of a flag is its key. */
export class FlagsGroup extends HttpApiGroup.make("flags")
  .add(
    HttpApiEndpoint.post("evaluate", "/experiments/feature-flags/:id/evaluate", {
      params: { id: Id },
      ...linked,
      payload: EvaluateRequest,
      success: EvaluatedValue
    })
      .annotate(EndpointRules, evaluateRules)
      .annotate(OpenApi.Summary, "The value of a flag for a context, with the reason; from memory, 10,000 a minute."),
    HttpApiEndpoint.post("bulkEvaluate", "/experiments/feature-flags/bulk-evaluate", {
      ...linked,
      payload: BulkEvaluateRequest,
      success: EvaluatedValues
    })
      .annotate(EndpointRules, evaluateRules)
      .annotate(OpenApi.Summary, "The values of all flags, or of those named, at one revision; exposes nobody."),
    HttpApiEndpoint.post("explain", "/experiments/feature-flags/:id/explain", {
      params: { id: Id },
      /** ISO 8601 with offset: by the definitions as they stood then. */
      query: { at: Text },
      payload: ExplainRequest,
      success: FlagExplanation
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "The value of a flag and why, rule by rule, now or as it was `at` an instant; variants may be forced. Exposes nobody."
      ),
    HttpApiEndpoint.post("preview", "/experiments/feature-flags/:id/preview", {
      params: { id: Id },
      payload: PreviewRequest,
      success: FlagPreview
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "Who would get something else by a draft, of the contexts that this process evaluated last: up to 2,000 units of the last 24 hours, held in memory alone. Exposes nobody."
      ),
    HttpApiEndpoint.get("usage", "/experiments/feature-flags/:id/usage", {
      params: { id: Id },
      query: { environment: Text, from: Text, to: Text },
      success: FlagUsageAnswer
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "How often a flag was evaluated, by variant and hour: the last day, or 31 days at most; counted within 5 seconds."
      ),
    HttpApiEndpoint.get("revisions", "/experiments/feature-flags/:id/revisions", {
      params: { id: Id },
      query: { limit: Limit, cursor: Cursor },
      success: page(FlagRevision)
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(OpenApi.Summary, "All that a flag ever was, by whom and when, newest first; also once it is deleted."),
    HttpApiEndpoint.get("staleness", "/experiments/feature-flags/:id/staleness", {
      params: { id: Id },
      success: FlagStaleness
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "Whether a flag has done its work: unchanged for 14 days, and unused or the same for everybody."
      ),
    HttpApiEndpoint.get("stale", "/experiments/stale-flags", {
      query: { limit: Limit, cursor: Cursor },
      success: page(FlagStaleness)
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "Flags that may go, with the reason and since when. `limit` flags are looked at, newest first: a page may have fewer of them, or none."
      ),
    HttpApiEndpoint.post("archive", "/experiments/feature-flags/:id/archive", {
      params: { id: Id },
      payload: FlagArchiving,
      success: Flag
    })
      .annotate(EndpointRules, changes("experiments:write"))
      .annotate(
        OpenApi.Summary,
        "Put a flag away: it is evaluated nowhere, its key stays taken. 409 while others use it, and while code names it unless forced."
      ),
    HttpApiEndpoint.post("unarchive", "/experiments/feature-flags/:id/unarchive", { params: { id: Id }, success: Flag })
      .annotate(EndpointRules, changes("experiments:write"))
      .annotate(OpenApi.Summary, "Take an archived flag back, off in every environment."),
    HttpApiEndpoint.get("codeReferences", "/experiments/feature-flags/:id/code-references", {
      params: { id: Id },
      query: { limit: Limit, cursor: Cursor },
      success: page(FlagReferences)
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(OpenApi.Summary, "Where code names a flag, by repository and branch, posted last first."),
    ...resourceEndpoints({ ...flags, item: Flag, path: "/experiments/feature-flags", scopes })
  )
  .middleware(Admission) {}

/** People that rules speak of by one name. The id of a segment is its key. */
export class SegmentsGroup extends HttpApiGroup.make("segments")
  .add(...resourceEndpoints({ ...segments, path: "/experiments/segments", scopes }))
  .middleware(Admission) {}

/** Units that get no experiment and no release. The id of a holdout is its key. */
export class HoldoutsGroup extends HttpApiGroup.make("holdouts")
  .add(
    HttpApiEndpoint.get("results", "/experiments/holdouts/:id/results", {
      params: { id: Id },
      query: { metrics: Text, dimension: Text, metric: Text, table: ResultTable, ...pictureParameters },
      success: ExperimentResults
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "What all that a holdout binds brings together: an equal slice of units (`compared`) against those held out, by person, from the same triggers on. `metrics` are ids of metrics of the experiments that it binds, separated by commas, their goals by default; the rest is as in results of an experiment."
      ),
    ...resourceEndpoints({ ...holdouts, path: "/experiments/holdouts", scopes })
  )
  .middleware(Admission) {}

/** Places in which flags are on or off on their own. The id of an environment is its key. */
export class EnvironmentsGroup extends HttpApiGroup.make("environments")
  .add(
    HttpApiEndpoint.post("promote", "/experiments/environments/:id/promote", {
      params: { id: Id },
      payload: NewPromotion,
      success: Promotion
    })
      .annotate(EndpointRules, changes("experiments:write"))
      .annotate(
        OpenApi.Summary,
        "Do in another environment what flags do in this one, in one transaction, or by a change request where that one asks for approvals; a dry run tells the differences."
      ),
    ...resourceEndpoints({ ...environments, path: "/experiments/environments", scopes })
  )
  .middleware(Admission) {}

const posting = changes("experiments:references")

/** Where code names flags, as continuous integration tells by commit. */
export class CodeReferencesGroup extends HttpApiGroup.make("codeReferences")
  .add(
    HttpApiEndpoint.post("post", "/experiments/code-references", {
      payload: NewCodeReferences,
      success: CodeReferencesReceipt
    })
      .annotate(EndpointRules, posting)
      .annotate(
        OpenApi.Summary,
        "Where a commit names flags, in the place of what its branch had; the same again changes nothing, an older commit is 409."
      ),
    HttpApiEndpoint.get("list", "/experiments/code-references", {
      query: { limit: Limit, cursor: Cursor },
      success: page(CodeBranch)
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(OpenApi.Summary, "Branches whose references are kept, posted last first."),
    HttpApiEndpoint.get("read", "/experiments/code-references/:id", { params: { id: Id }, success: CodeBranch })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(OpenApi.Summary, "A branch as its last posting left it; its revision is the ETag."),
    HttpApiEndpoint.delete("remove", "/experiments/code-references/:id", { params: { id: Id } })
      .annotate(EndpointRules, posting)
      .annotate(OpenApi.Summary, "Forget a branch that was merged or deleted, with all that it named.")
  )
  .middleware(Admission) {}
