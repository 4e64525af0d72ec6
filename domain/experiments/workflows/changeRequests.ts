import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { changeRequests, openRequestsMax } from "../../../ports/experiments/ChangeRequest.ts"
import type {
  ChangeRequest,
  ChangeRequestItem,
  ChangeRequestStatus,
  DefinitionChange,
  NewApproval,
  NewApplyTime,
  NewChangeRequest,
  NewDefinitionChange
} from "../../../ports/experiments/ChangeRequest.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { once } from "../../platform/idempotency.ts"
import type { Person } from "../../platform/keys.ts"
import { parseInstant } from "../../zones/instant.ts"
import * as life from "../changes/requestLife.ts"
import { completed } from "./flags.ts"
import {
  actOf,
  checked,
  keep,
  liveOf,
  readRequest,
  recordOf,
  refuse,
  requestWrite,
  step,
  takenUp
} from "./requestSteps.ts"

/**
 * The changes with what they begin from: what the request had before, where it changed the same definition, else what
 * stands. One that names an older revision is refused.
 */
const withBases = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  asked: ReadonlyArray<NewDefinitionChange>,
  known: ReadonlyArray<DefinitionChange> = []
) {
  const changes: Array<DefinitionChange> = []
  for (const [at, { base_revision, ...change }] of asked.entries()) {
    const isTwice = asked.slice(0, at).some(({ id, kind: of }) => id === change.id && of === change.kind)
    if (isTwice) {
      const detail = `${change.kind} ${change.id} is here twice`
      return yield* refuse("bad-request", detail, [{ pointer: `/changes/${at}/id`, code: "duplicate", detail }])
    }
    const live = yield* liveOf(workspace, change)
    if (base_revision !== undefined && base_revision !== live.revision) {
      const detail = `${change.kind} ${change.id} is at revision ${live.revision}`
      return yield* refuse("conflict", detail, [{ pointer: `/changes/${at}/base_revision`, code: "stale", detail }])
    }
    const before = known.find(({ id, kind: of }) => id === change.id && of === change.kind)
    const base = before === undefined || base_revision !== undefined ? live : before.base
    changes.push(change.kind === "flag" ? { ...change, definition: wholeFlag(change), base } : { ...change, base })
  }
  return changes
})

/** As it is stored, so that what the service adds is no difference. */
const wholeFlag = ({ definition }: Extract<NewDefinitionChange, { readonly kind: "flag" }>) =>
  definition === null ? null : completed(definition)

export const createRequest = Effect.fn("createChangeRequest")(function* (
  person: Person,
  asked: NewChangeRequest,
  status?: "draft" | "in_review"
) {
  return yield* once(
    person,
    Effect.fnUntraced(function* (remember: (request: ChangeRequest) => object) {
      const documents = yield* DocumentStore
      yield* refuseFull(person.workspace)
      const act = yield* actOf(person)
      const changes = yield* withBases(person.workspace, asked.changes)
      const id = yield* Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV7())
      const request = yield* checked(person, life.beginRequest(id, asked, changes, act, status), "bad-request")
      yield* documents.commit(person.workspace, {
        writes: [yield* requestWrite(person.workspace, request, 0)],
        audit: [yield* recordOf(person, act.at, "created", undefined, request)],
        ...remember(request)
      })
      return request
    })
  )
})

const refuseFull = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const documents = yield* DocumentStore
  const count = (status: ChangeRequestStatus) =>
    documents.count({ workspace, collection: changeRequests.name, index: "by_status", equals: [status] })
  if ((yield* count("draft")) + (yield* count("in_review")) < openRequestsMax) return
  const detail = `a workspace has at most ${openRequestsMax} open change requests`
  return yield* refuse("conflict", detail, [{ pointer: "", code: "too_many", detail }])
})

const itemOf = ({ changes, comments, ...request }: ChangeRequest): ChangeRequestItem => ({
  ...request,
  changes: changes.map(({ id, kind: of }) => ({ kind: of, id })),
  comments: comments.length
})

/** Newest first; of one status where it is named. */
export const listRequests = Effect.fn("listChangeRequests")(function* (
  workspace: WorkspaceId,
  status: ChangeRequestStatus | undefined,
  limit: number,
  cursor: string | undefined
) {
  const documents = yield* DocumentStore
  const by = status === undefined ? { index: "by_time", equals: [] } : { index: "by_status", equals: [status] }
  const { items, next } = yield* documents.list({ workspace, collection: changeRequests.name, ...by, limit, cursor })
  return { items: items.map(({ data }) => itemOf(data as ChangeRequest)), next: next ?? null }
})

/** Another draft. Definitions that it changed before keep what they began from, unless a `base_revision` says otherwise. */
export const replaceRequest = Effect.fn("replaceChangeRequest")(function* (
  person: Person,
  id: string,
  asked: NewChangeRequest,
  revision: number
) {
  const { item } = yield* readRequest(person.workspace, id)
  const changes = yield* withBases(person.workspace, asked.changes, item.changes)
  const redrafted = yield* takenUp(life.redraft(item, life.wordsOf(asked), changes, yield* actOf(person)))
  const request = yield* checked(person, redrafted, "bad-request")
  return yield* keep(person, { item, revision }, request, "changed")
})

export const submitRequest = Effect.fn("submitChangeRequest")((person: Person, id: string) =>
  step(person, id, "submitted", life.submit)
)

export const approveRequest = Effect.fn("approveChangeRequest")((person: Person, id: string, asked: NewApproval) =>
  step(person, id, "approved", (request, act) => life.approve(request, asked, act))
)

export const rejectRequest = Effect.fn("rejectChangeRequest")((person: Person, id: string, reason: string) =>
  step(person, id, "rejected", (request, act) => life.close(request, "rejected", reason, act))
)

export const withdrawRequest = Effect.fn("withdrawChangeRequest")((person: Person, id: string, reason: string) =>
  step(person, id, "withdrawn", (request, act) => life.close(request, "withdrawn", reason, act))
)

export const commentRequest = Effect.fn("commentChangeRequest")((person: Person, id: string, text: string) =>
  step(person, id, "commented", (request, act) => life.comment(request, text, act))
)

export const scheduleRequest = Effect.fn("scheduleChangeRequest")(function* (
  person: Person,
  id: string,
  asked: typeof NewApplyTime.Type | undefined
) {
  const at = asked === undefined ? undefined : parseInstant(asked.apply_at)
  if (asked !== undefined && at === undefined) {
    const detail = "must be an ISO 8601 date and time with offset"
    return yield* refuse("bad-request", detail, [{ pointer: "/apply_at", code: "not_an_instant", detail }])
  }
  const verb = at === undefined ? "unscheduled" : "scheduled"
  return yield* step(person, id, verb, (request, act) => life.schedule(request, at, act))
})

/** What is over may go; its audit records stay. */
export const removeRequest = Effect.fn("removeChangeRequest")(function* (person: Person, id: string, revision: number) {
  const { item } = yield* readRequest(person.workspace, id)
  if (item.status === "in_review") return yield* refuse("conflict", "the request is in review: withdraw it first")
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  yield* documents.commit(person.workspace, {
    writes: [{ kind: "delete", collection: changeRequests.name, id, expected: revision }],
    audit: [yield* recordOf(person, now, "deleted", item, undefined)]
  })
})
