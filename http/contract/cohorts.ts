import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import {
  CohortMemberList,
  CohortMembersChange,
  CohortMembersReceipt,
  CohortRevision,
  cohorts,
  CohortSize
} from "../../ports/analytics/Cohort.ts"
import { Admission } from "./Admission.ts"
import { changes, EndpointRules, reads } from "./EndpointRules.ts"
import { Cursor, Id, Limit, Text, Watermark } from "./parameters.ts"
import { resourceEndpoints } from "./resource.ts"
import { revisionEndpoints } from "./revisions.ts"

const members = "/analytics/cohorts/:id/members"
const path = "/analytics/cohorts"
const scopes = { read: "analytics:read", write: "analytics:write" }

/** Groups of people: by a list, or by a rule over what they did and their traits. */
export class CohortsGroup extends HttpApiGroup.make("cohorts")
  .add(
    HttpApiEndpoint.get("size", "/analytics/cohorts/:id/size", {
      params: { id: Id },
      query: { at: Text, watermark: Watermark },
      success: CohortSize
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "How many people belong to a cohort now, or at the end of a day or at an instant."),
    HttpApiEndpoint.get("members", members, {
      params: { id: Id },
      query: { at: Text, limit: Limit, cursor: Cursor, watermark: Watermark },
      success: CohortMemberList
    })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(OpenApi.Summary, "Who belongs to a cohort now, or at the end of a day or at an instant."),
    HttpApiEndpoint.post("addMembers", members, {
      params: { id: Id },
      payload: CohortMembersChange,
      success: CohortMembersReceipt
    })
      .annotate(EndpointRules, changes("analytics:write"))
      .annotate(OpenApi.Summary, "Add up to 1000 people to a static cohort; those in it already stay."),
    HttpApiEndpoint.delete("removeMembers", members, {
      params: { id: Id },
      payload: CohortMembersChange,
      success: CohortMembersReceipt
    })
      .annotate(EndpointRules, changes("analytics:write"))
      .annotate(OpenApi.Summary, "Take up to 1000 people from a static cohort."),
    ...resourceEndpoints({ ...cohorts, path, scopes }),
    ...revisionEndpoints({ ...cohorts, path, scopes, revision: CohortRevision })
  )
  .middleware(Admission) {}
