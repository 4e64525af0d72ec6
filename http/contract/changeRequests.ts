import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ApprovalPolicy, NewApprovalPolicy } from "../../ports/experiments/ApprovalPolicy.ts"
import {
  ChangeRequest,
  ChangeRequestDiff,
  ChangeRequestItem,
  ChangeRequestStatus,
  NewApplyTime,
  NewApproval,
  NewChangeRequest,
  NewComment,
  NewRebase,
  StatedReason
} from "../../ports/experiments/ChangeRequest.ts"
import { Admission } from "./Admission.ts"
import { changes, creates, EndpointRules, reads } from "./EndpointRules.ts"
import { page } from "./pages.ts"
import { Cursor, Id, Limit } from "./parameters.ts"

const path = "/experiments/change-requests"
const one = `${path}/:id` as const
const write = changes("experiments:write")
const review = changes("experiments:review")

/** Changes of definitions that others look at before they are live. */
export class ChangeRequestsGroup extends HttpApiGroup.make("changeRequests")
  .add(
    HttpApiEndpoint.get("list", path, {
      query: { status: Schema.optionalKey(ChangeRequestStatus), limit: Limit, cursor: Cursor },
      success: page(ChangeRequestItem)
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(OpenApi.Summary, "Change requests, newest first; of one status where it is named."),
    HttpApiEndpoint.post("create", path, {
      payload: NewChangeRequest,
      success: ChangeRequest.pipe(HttpApiSchema.status(201))
    })
      .annotate(EndpointRules, creates("experiments:write"))
      .annotate(
        OpenApi.Summary,
        "Draft changes of flags, segments, holdouts, environments and steps of experiments, beside what is live."
      ),
    HttpApiEndpoint.get("read", one, { params: { id: Id }, success: ChangeRequest })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "One change request with its drafts and what they began from; its revision is the ETag."
      ),
    HttpApiEndpoint.put("replace", one, { params: { id: Id }, payload: NewChangeRequest, success: ChangeRequest })
      .annotate(EndpointRules, write)
      .annotate(
        OpenApi.Summary,
        "Another draft: a new version, whose approvals begin anew; If-Match names the revision."
      ),
    HttpApiEndpoint.delete("remove", one, { params: { id: Id } })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "Delete a draft or a closed request; what it changed stays, and so do audit records."),
    HttpApiEndpoint.get("diff", `${one}/diff`, { params: { id: Id }, success: ChangeRequestDiff })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "What a request would change, field by field, what others changed meanwhile, and what stands in its way."
      ),
    HttpApiEndpoint.post("submit", `${one}/submit`, { params: { id: Id }, success: ChangeRequest })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "Ask others to review a draft."),
    HttpApiEndpoint.post("approve", `${one}/approve`, {
      params: { id: Id },
      payload: NewApproval,
      success: ChangeRequest
    })
      .annotate(EndpointRules, review)
      .annotate(
        OpenApi.Summary,
        "Approve the version that was seen. A person counts once, an author never; a new version begins anew."
      ),
    HttpApiEndpoint.post("reject", `${one}/reject`, {
      params: { id: Id },
      payload: StatedReason,
      success: ChangeRequest
    })
      .annotate(EndpointRules, review)
      .annotate(OpenApi.Summary, "Reject a request that is in review, with the reason; that ends it."),
    HttpApiEndpoint.post("withdraw", `${one}/withdraw`, {
      params: { id: Id },
      payload: StatedReason,
      success: ChangeRequest
    })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "Take an open request back, with the reason; that ends it."),
    HttpApiEndpoint.post("comment", `${one}/comments`, {
      params: { id: Id },
      payload: NewComment,
      success: ChangeRequest
    })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "Say something about a request; approvals stay."),
    HttpApiEndpoint.post("rebase", `${one}/rebase`, {
      params: { id: Id },
      payload: NewRebase,
      success: ChangeRequest
    })
      .annotate(EndpointRules, write)
      .annotate(
        OpenApi.Summary,
        "Put the draft onto what is live now, as a new version; 409 names what both have changed, unless `prefer` settles it."
      ),
    HttpApiEndpoint.post("schedule", `${one}/schedule`, {
      params: { id: Id },
      payload: NewApplyTime,
      success: ChangeRequest
    })
      .annotate(EndpointRules, write)
      .annotate(
        OpenApi.Summary,
        "Apply a request at an instant, if it is approved by then and not stale; else `problem` says why it was not."
      ),
    HttpApiEndpoint.delete("unschedule", `${one}/schedule`, { params: { id: Id }, success: ChangeRequest })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "Take the time of a request away; it stays in review."),
    HttpApiEndpoint.post("apply", `${one}/apply`, { params: { id: Id }, success: ChangeRequest })
      .annotate(EndpointRules, write)
      .annotate(
        OpenApi.Summary,
        "Make the changes live, all in one transaction: approved by as many as their environments ask for, and not stale."
      ),
    HttpApiEndpoint.post("bypass", `${one}/bypass`, {
      params: { id: Id },
      payload: StatedReason,
      success: ChangeRequest
    })
      .annotate(EndpointRules, changes("experiments:bypass"))
      .annotate(OpenApi.Summary, "Make the changes live without approvals, in an emergency; the reason is audited.")
  )
  .middleware(Admission) {}

/** What environments ask of changes to what they evaluate. */
export class ApprovalsGroup extends HttpApiGroup.make("approvals")
  .add(
    HttpApiEndpoint.get("read", "/experiments/environments/:id/approvals", {
      params: { id: Id },
      success: ApprovalPolicy
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "How many approvals an environment asks for, `production` too; its revision is the ETag."
      ),
    HttpApiEndpoint.put("replace", "/experiments/environments/:id/approvals", {
      params: { id: Id },
      payload: NewApprovalPolicy,
      success: ApprovalPolicy
    })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(
        OpenApi.Summary,
        "Ask for approvals: from then on what the environment evaluates changes by change requests alone. If-Match names the revision."
      )
  )
  .middleware(Admission) {}
