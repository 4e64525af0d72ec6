import { Clock, Effect } from "effect"
import { escaped } from "../../../ports/jsonPointer.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { approvalPolicies } from "../../../ports/experiments/ApprovalPolicy.ts"
import type { ApprovalPolicy, NewApprovalPolicy } from "../../../ports/experiments/ApprovalPolicy.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { gatherItems } from "../../platform/resources.ts"
import { environmentsTouched } from "../changes/Catalogue.ts"
import type { Catalogue, DefinitionName } from "../changes/Catalogue.ts"
import { raisedRevision, readDefinitions } from "./liveDefinitions.ts"

const policiesOf = (workspace: WorkspaceId) =>
  gatherItems(approvalPolicies, workspace, (policy: ApprovalPolicy) => (policy.approvals > 0 ? [policy] : []))

/** Environments whose approvals a change needs, and how many: the most that one of them asks for. */
export const approvalsFor = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  before: Catalogue,
  after: Catalogue,
  changed: ReadonlyArray<DefinitionName>
) {
  const policies = yield* policiesOf(workspace)
  const asking = policies.map(({ environment }) => environment)
  const touched = new Set(asking.length === 0 ? [] : environmentsTouched(before, after, changed, asking))
  const required = policies.filter(({ environment }) => touched.has(environment)).map(({ approvals }) => approvals)
  return { environments: [...touched].toSorted(), required: Math.max(0, ...required) }
})

/** Refuses to change directly what an environment evaluates that asks for approvals. */
export const refuseUnapproved = Effect.fnUntraced(function* (
  actor: Actor,
  before: Catalogue,
  after: Catalogue,
  changed: DefinitionName
) {
  const { environments, required } = yield* approvalsFor(actor.workspace, before, after, [changed])
  if (environments.length === 0) return
  const detail = `changes to what ${environments.join(", ")} evaluates need ${required} approvals: POST /experiments/change-requests`
  const errors = environments.map((key) => ({
    pointer: `/environments/${escaped(key)}`,
    code: "needs_approval",
    detail
  }))
  return yield* new Refused({ kind: "forbidden", detail, errors })
})

/** How many people must approve what an environment evaluates. */
export const approvalsAsked = Effect.fnUntraced(function* (workspace: WorkspaceId, environment: string) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, approvalPolicies.name, environment)
  return (found?.data as ApprovalPolicy | undefined)?.approvals ?? 0
})

/** Refuses what no change request can bring, in an environment that asks for approvals; `how` says what is left. */
export const refuseWhereAsked = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  environment: string,
  how: { readonly pointer: string; readonly detail: string }
) {
  const required = yield* approvalsAsked(workspace, environment)
  if (required === 0) return
  const detail = `changes to what ${environment} evaluates need ${required} approvals: ${how.detail}`
  return yield* new Refused({
    kind: "forbidden",
    detail,
    errors: [{ pointer: how.pointer, code: "needs_approval", detail }]
  })
})

const mustKnow = Effect.fnUntraced(function* (workspace: WorkspaceId, environment: string) {
  const { environments } = yield* readDefinitions(workspace)
  if (environments.includes(environment)) return
  return yield* new Refused({ kind: "not-found", detail: `there is no environment ${environment}`, errors: [] })
})

export const readApprovalPolicy = Effect.fn("readApprovalPolicy")(function* (
  workspace: WorkspaceId,
  environment: string
) {
  yield* mustKnow(workspace, environment)
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, approvalPolicies.name, environment)
  const initial: ApprovalPolicy = { environment, approvals: 0, changed_at: null, changed_by: null }
  return { item: (found?.data as ApprovalPolicy | undefined) ?? initial, revision: found?.revision ?? 0 }
})

/** From the next change on. Changes that are under way meanwhile are checked against it, too. */
export const replaceApprovalPolicy = Effect.fn("replaceApprovalPolicy")(function* (
  actor: Actor,
  environment: string,
  { approvals }: NewApprovalPolicy,
  revision: number
) {
  const { item: before } = yield* readApprovalPolicy(actor.workspace, environment)
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const item: ApprovalPolicy = { environment, approvals, changed_at: now, changed_by: actor.keyId }
  const put = { kind: "put", collection: approvalPolicies.name, schema_version: 1, subjects: [] } as const
  const target = `${approvalPolicies.name}/${environment}`
  const [changed = revision + 1] = yield* documents.commit(actor.workspace, {
    writes: [{ ...put, id: environment, expected: revision, data: item }, raisedRevision(now, "any")],
    audit: [yield* auditOf(actor, now, "approval_policy.changed", target, before, item)]
  })
  return { item, revision: changed }
})
