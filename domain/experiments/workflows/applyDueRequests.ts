import { Clock, Effect } from "effect"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import { changeRequests } from "../../../ports/experiments/ChangeRequest.ts"
import type { ChangeRequest } from "../../../ports/experiments/ChangeRequest.ts"
import type { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import { revocationsOf } from "../../platform/keys.ts"
import type { Person } from "../../platform/keys.ts"
import { forEachApart, forEveryWorkspace } from "../../platform/everyWorkspace.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { authorKeys, postpone, unscheduledBy } from "../changes/requestLife.ts"
import { applyRequest } from "./applyRequest.ts"
import { requestWrite } from "./requestSteps.ts"

const listDue = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const documents = yield* DocumentStore
  const range = { from: 0, to: (yield* Clock.currentTimeMillis) + 1 }
  const by = { workspace, collection: changeRequests.name, index: "by_due", equals: ["in_review"], range }
  const { items } = yield* Effect.catchTag(documents.list({ ...by, limit: listLimitMax }), "InvalidCursor", Effect.die)
  return items.map(({ data, revision }) => ({ request: data as ChangeRequest, revision }))
})

/** Says in the request why it was not applied; whoever asked for it must see to it. */
const leave = Effect.fnUntraced(function* (
  person: Person,
  request: ChangeRequest,
  revision: number,
  { detail, errors }: Pick<Refused, "detail" | "errors">
) {
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const target = `${changeRequests.name}/${request.id}`
  const audit = yield* auditOf(person, now, "change_request.postponed", target, undefined, { detail })
  yield* (
    documents
      .commit(person.workspace, {
        writes: [yield* requestWrite(person.workspace, postpone(request, { at: now, detail, errors }), revision)],
        audit: [audit]
      })
      // Somebody did something to it meanwhile: the next round sees what stands.
      .pipe(
        Effect.catchTag("StaleRevision", () => Effect.void),
        withoutConflict
      )
  )
})

const applyOne = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { request, revision }: { readonly request: ChangeRequest; readonly revision: number }
) {
  const by = request.scheduled_by
  if (by === null) return
  const person: Person = { workspace, keyId: by.key, person: by.by, from: undefined, requestId: `due-${request.id}` }
  const keys = [by.key, ...authorKeys(request)]
  const unscheduled = unscheduledBy(request, yield* revocationsOf(workspace, keys))
  if (unscheduled !== undefined) {
    const { detail, errors } = unscheduled
    return yield* leave(person, request, revision, { detail: `${detail}: see to it and schedule it anew`, errors })
  }
  yield* applyRequest(person, request.id).pipe(
    Effect.catchTags({
      Refused: (refused) => leave(person, request, revision, refused),
      StaleRevision: () => Effect.void
    })
  )
})

/** Applies every request whose time has come, of all workspaces; what a kill leaves is due in the next round. */
export const applyDueRequests = forEveryWorkspace(
  Effect.fnUntraced(function* (workspace) {
    const due = yield* listDue(workspace)
    const { failure } = yield* forEachApart(
      due,
      () => workspace,
      (each) => applyOne(workspace, each)
    )
    if (failure !== undefined) return yield* failure
  })
)
