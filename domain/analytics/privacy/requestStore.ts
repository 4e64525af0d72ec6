import { Clock, Effect } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite, StoredDocument } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { openRequestsMax, privacyRequests } from "../../../ports/privacy/PrivacyRequest.ts"
import type { KeptRequest, PrivacyRequestItem } from "../../../ports/privacy/PrivacyRequest.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"

export interface FoundRequest {
  readonly request: KeptRequest
  readonly revision: number
  readonly subjects: ReadonlyArray<string>
}

const foundOf = ({ data, revision, subjects }: StoredDocument): FoundRequest => ({
  request: data as KeptRequest,
  revision,
  subjects
})

export const findRequest = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, privacyRequests.name, id)
  if (found !== undefined) return foundOf(found)
  return yield* new Refused({ kind: "not-found", detail: `there is no privacy request ${id}`, errors: [] })
})

export const putRequest = (request: KeptRequest, expected: number, subjects: ReadonlyArray<string>): DocumentWrite => ({
  kind: "put",
  collection: privacyRequests.name,
  id: request.id,
  expected,
  schema_version: 1,
  subjects,
  data: request
})

const openStatuses: ReadonlyArray<KeptRequest["status"]> = ["unverified", "in_progress"]

/** Refuses one more where as many are open as may be. */
export const refuseManyOpen = Effect.fnUntraced(function* (
  documents: DocumentStore["Service"],
  workspace: WorkspaceId
) {
  const by = { workspace, collection: privacyRequests.name, index: "by_status" }
  const counts = yield* Effect.forEach(openStatuses, (status) => documents.count({ ...by, equals: [status] }))
  if (counts.reduce((sum, count) => sum + count, 0) < openRequestsMax) return
  const detail = `a workspace has at most ${openRequestsMax} open privacy requests`
  return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code: "too_many", detail }] })
})

/** As it is answered: what is secret stays, and whether it is late is told. */
export const itemOf = (request: KeptRequest, now: number): PrivacyRequestItem => {
  const { challenge: _, sealed_traits: __, ...told } = request
  return { ...told, overdue: openStatuses.includes(told.status) && now > told.due_at }
}

export const itemNow = (request: KeptRequest) => Effect.map(Clock.currentTimeMillis, (now) => itemOf(request, now))
