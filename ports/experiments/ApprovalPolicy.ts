import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"

/** Approvals that an environment may ask for. */
export const approvalsMax = 10

/** What an environment asks of changes to what is evaluated in it. */
export const NewApprovalPolicy = Schema.Struct({
  /** People other than the authors who must approve; 0: changes are made directly. */
  approvals: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: approvalsMax }))
}).annotate({ identifier: "NewApprovalPolicy", examples: [{ approvals: 0 }] })
export type NewApprovalPolicy = typeof NewApprovalPolicy.Type

/** Times in ms UTC; `null` where it was never said: then no approval is needed. */
export const ApprovalPolicy = Schema.Struct({
  environment: Schema.String,
  approvals: Schema.Int,
  changed_at: Schema.NullOr(Schema.Int),
  changed_by: Schema.NullOr(Schema.String)
}).annotate({ identifier: "ApprovalPolicy" })
export type ApprovalPolicy = typeof ApprovalPolicy.Type

/** One of each environment; its id is the environment's key. */
export const approvalPolicies: Collection = {
  name: "approval_policies",
  unique: [],
  indexes: [{ name: "by_time", equals: [], sort: "changed_at", direction: "descending" }]
}
