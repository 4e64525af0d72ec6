import { Clock, Effect, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { isDeepStrictEqual } from "node:util"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { DocumentStore, StaleRevision } from "../../../ports/documents/DocumentStore.ts"
import type { Stamps } from "../../../ports/documents/Resource.ts"
import {
  changeRequests,
  DefinitionChange,
  openRequestsMax,
  requestBytesMax
} from "../../../ports/experiments/ChangeRequest.ts"
import type {
  ChangeRequest,
  ChangeRequestDiff,
  ChangeRequestItem,
  ChangeRequestStatus,
  NewApproval,
  NewApplyTime,
  NewChangeRequest,
  NewDefinitionChange,
  NewRebase
} from "../../../ports/experiments/ChangeRequest.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { once } from "../../platform/idempotency.ts"
import { readItem } from "../../platform/resources.ts"
import type { Revised } from "../../platform/resources.ts"
import { storedIds } from "../../privacy/storedIds.ts"
import { parseInstant } from "../../zones/instant.ts"
import { fieldDifferences } from "../changes/fieldDifferences.ts"
import { mergeDefinitions } from "../changes/mergeDefinitions.ts"
import * as life from "../changes/requestLife.ts"
import type { PersonalAct, RequestChange } from "../changes/requestLife.ts"
import { approvalsFor } from "./approvals.ts"
import { commitChanges, definitionOf, kinds, stageChanges } from "./changeSet.ts"
import type { DraftedChange, StagedChanges } from "./changeSet.ts"
import { completed } from "./flags.ts"
import { untilSettled } from "./liveDefinitions.ts"
import { putRequest } from "./requestDocuments.ts"

/** Who asks, and the person behind the key. */
export interface Person extends Actor {
  readonly subject: string
}

const kind = { name: changeRequests.name, singular: "change request" }

const refuse = (of: Refused["kind"], detail: string, errors: ReadonlyArray<FieldError> = []) =>
  new Refused({ kind: of, detail, errors })

/** A request to be committed. */
export const requestWrite = (workspace: WorkspaceId, request: ChangeRequest, expected: number) =>
  Effect.map(storedIds(workspace), (stored) => putRequest(request, expected, stored))

/** What an audit record says of a request; of the definitions their own records tell. */
const summaryOf = ({ apply_at, approvals, changes, outcome, status, title, version }: ChangeRequest) => ({
  title,
  status,
  version,
  changes: changes.map((change) => `${kinds[change.kind].name}/${change.id}`),
  approvals: approvals.map(({ by }) => by),
  apply_at,
  outcome
})

const recordOf = (
  person: Person,
  at: number,
  verb: string,
  before: ChangeRequest | undefined,
  after: ChangeRequest | undefined
) =>
  auditOf(
    person,
    at,
    `change_request.${verb}`,
    `${changeRequests.name}/${(after ?? before)!.id}`,
    before === undefined ? undefined : summaryOf(before),
    after === undefined ? undefined : summaryOf(after)
  )

const actOf = Effect.fnUntraced(function* ({ keyId, subject }: Person) {
  const act: PersonalAct = { by: subject, key: keyId, at: yield* Clock.currentTimeMillis }
  return act
})

const draftOf = (change: DraftedChange): object | null => (change.kind === "experiment" ? null : change.definition)

const liveOf = Effect.fnUntraced(function* (workspace: WorkspaceId, change: Pick<DraftedChange, "kind" | "id">) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, kinds[change.kind].name, change.id)
  return { revision: found?.revision ?? 0, definition: found === undefined ? null : definitionOf(found.data as Stamps) }
})

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

/** Refuses what could not be applied as things stand, and what is too long to be kept. */
const checked = Effect.fnUntraced(function* (person: Person, request: ChangeRequest, of: Refused["kind"]) {
  const { errors } = yield* stageChanges(person, request.changes)
  if (errors.length > 0) return yield* refuse(of, "the changes are not valid", errors)
  if (new TextEncoder().encode(JSON.stringify(request)).length > requestBytesMax) {
    const detail = `a request has at most ${requestBytesMax} bytes with what it began from`
    return yield* refuse(of, detail, [{ pointer: "/changes", code: "too_long", detail }])
  }
  return request
})

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

export const readRequest = (workspace: WorkspaceId, id: string) => readItem<ChangeRequest>(kind, workspace, id)

const takenUp = (change: RequestChange) =>
  change.kind === "changed"
    ? Effect.succeed(change.request)
    : Effect.fail(refuse(change.because === "invalid" ? "bad-request" : change.because, change.detail, change.errors))

const triesMax = 5
const isOvertaken = (failure: unknown): boolean =>
  failure instanceof StaleRevision && failure.collection === changeRequests.name

/** Somebody else did something to the request in between: once more. */
const untilTaken = <A, E, R>(step: Effect.Effect<A, E, R>): Effect.Effect<A, E | Refused, R> =>
  step.pipe(
    Effect.retry({ times: triesMax, while: isOvertaken }),
    Effect.catchIf(isOvertaken, () =>
      Effect.fail(refuse("conflict", "others change the request all the time: try again"))
    )
  )

const keep = Effect.fnUntraced(function* (
  person: Person,
  { item: before, revision }: Revised<ChangeRequest>,
  request: ChangeRequest,
  verb: string
) {
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const [next = revision + 1] = yield* documents.commit(person.workspace, {
    writes: [yield* requestWrite(person.workspace, request, revision)],
    audit: [yield* recordOf(person, now, verb, before, request)]
  })
  const revised: Revised<ChangeRequest> = { item: request, revision: next }
  return revised
})

/** Takes one step of a request's life. */
const step = Effect.fnUntraced(function* (
  person: Person,
  id: string,
  verb: string,
  take: (request: ChangeRequest, act: PersonalAct) => RequestChange
) {
  const found = yield* readRequest(person.workspace, id)
  const request = yield* takenUp(take(found.item, yield* actOf(person)))
  return yield* keep(person, found, request, verb)
}, untilTaken)

/** Another draft. Definitions that it changed before keep what they began from, unless a `base_revision` says otherwise. */
export const replaceRequest = Effect.fn("replaceChangeRequest")(function* (
  person: Person,
  id: string,
  asked: NewChangeRequest,
  revision: number
) {
  const { item } = yield* readRequest(person.workspace, id)
  const changes = yield* withBases(person.workspace, asked.changes, item.changes)
  const redrafted = yield* takenUp(life.redraft(item, wordsOf(asked), changes, yield* actOf(person)))
  const request = yield* checked(person, redrafted, "bad-request")
  return yield* keep(person, { item, revision }, request, "changed")
})

const wordsOf = ({ description, title }: Pick<ChangeRequest, "title" | "description">) => ({
  title,
  ...(description === undefined ? {} : { description })
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

/** Definitions that are not what the draft began from, with what differs. */
const staleOf = Effect.fnUntraced(function* (workspace: WorkspaceId, { changes }: ChangeRequest) {
  const errors: Array<FieldError> = []
  for (const [at, change] of changes.entries()) {
    const live = yield* liveOf(workspace, change)
    if (isDeepStrictEqual(live.definition, change.base.definition)) continue
    const where = fieldDifferences(change.base.definition ?? undefined, live.definition ?? undefined)
    errors.push(
      ...where.map(({ change: how, pointer }) => {
        const detail = `${change.kind} ${change.id}: ${pointer === "" ? "all of it" : pointer} was ${how} meanwhile`
        return { pointer: `/changes/${at}/definition${pointer}`, code: "stale", detail }
      })
    )
  }
  return errors
})

/** Differences that a refusal names; the diff has them all. */
const staleToldMax = 50

const refuseStale = Effect.fnUntraced(function* (workspace: WorkspaceId, request: ChangeRequest) {
  const errors = yield* staleOf(workspace, request)
  if (errors.length === 0) return
  const detail = "what the draft began from has changed: rebase it"
  return yield* refuse("conflict", detail, errors.slice(0, staleToldMax))
})

const requiredFor = (workspace: WorkspaceId, { after, before, staged }: StagedChanges) =>
  approvalsFor(
    workspace,
    before,
    after,
    staged.map(({ change }) => change)
  )

/**
 * Makes the changes, all or none, in one transaction with the request's end. With a reason approvals are passed over:
 * for emergencies, audited as such.
 */
export const applyRequest = Effect.fn("applyChangeRequest")(
  function* (person: Person, id: string, bypass?: string) {
    const { item, revision } = yield* readRequest(person.workspace, id)
    const act = yield* actOf(person)
    const outcome = bypass === undefined ? "applied" : "bypassed"
    const request = yield* takenUp(life.close(item, outcome, bypass ?? null, act))
    const staged = yield* stageChanges(person, item.changes)
    yield* refuseStale(person.workspace, item)
    if (staged.errors.length > 0) return yield* refuse("conflict", "the changes are not valid any more", staged.errors)
    const { environments, required } = yield* requiredFor(person.workspace, staged)
    if (bypass === undefined && item.approvals.length < required) {
      const detail = `${environments.join(", ")} asks for ${required} approvals; this version has ${item.approvals.length}`
      return yield* refuse("conflict", detail, [{ pointer: "", code: "needs_approval", detail }])
    }
    yield* commitChanges(person, staged, {
      request: id,
      writes: [yield* requestWrite(person.workspace, request, revision)],
      audit: [yield* recordOf(person, act.at, outcome, item, request)]
    })
    const revised: Revised<ChangeRequest> = { item: request, revision: revision + 1 }
    return revised
  },
  untilTaken,
  untilSettled
)

/** Puts the draft onto what stands; where both have changed the same thing, only as the preference says. */
export const rebaseRequest = Effect.fn("rebaseChangeRequest")(function* (
  person: Person,
  id: string,
  { prefer }: NewRebase
) {
  const found = yield* readRequest(person.workspace, id)
  const act = yield* actOf(person)
  if ((yield* staleOf(person.workspace, found.item)).length === 0) return found
  const conflicts: Array<FieldError> = []
  const changes: Array<DefinitionChange> = []
  for (const [at, change] of found.item.changes.entries()) {
    const base = yield* liveOf(person.workspace, change)
    const merged = rebased(change, base, prefer ?? "draft")
    if (!isChange(merged.change)) {
      const detail = `${change.kind} ${change.id}: the two together are no ${change.kind}`
      return yield* refuse("conflict", detail, [{ pointer: `/changes/${at}/definition`, code: "not_valid", detail }])
    }
    changes.push(merged.change)
    conflicts.push(
      ...merged.conflicts.map((pointer) => {
        const detail = `${change.kind} ${change.id}: ${pointer === "" ? "all of it" : pointer} was changed by others, too`
        return { pointer: `/changes/${at}/definition${pointer}`, code: "conflict", detail }
      })
    )
  }
  if (conflicts.length > 0 && prefer === undefined) {
    return yield* refuse("conflict", "say whose word counts: prefer draft or live", conflicts.slice(0, staleToldMax))
  }
  const request = yield* takenUp(life.redraft(found.item, wordsOf(found.item), changes, act))
  return yield* keep(person, found, yield* checked(person, request, "conflict"), "rebased")
}, untilTaken)

const rebased = (
  change: DefinitionChange,
  base: DefinitionChange["base"],
  prefer: "draft" | "live"
): { readonly change: unknown; readonly conflicts: ReadonlyArray<string> } => {
  if (change.kind === "experiment") return { change: { ...change, base }, conflicts: [] }
  const { conflicts, value } = mergeDefinitions(
    change.base.definition ?? undefined,
    change.definition ?? undefined,
    base.definition ?? undefined,
    prefer
  )
  return { change: { ...change, definition: value ?? null, base }, conflicts }
}

/** More rules or variants than a flag may have can come of two that have as many as they may. */
const isChange = Schema.is(DefinitionChange)

/** What a request would do, what happened meanwhile, and what stands in its way. */
export const diffRequest = Effect.fn("diffChangeRequest")(function* (
  person: Pick<Person, "workspace" | "keyId">,
  id: string
) {
  const { item } = yield* readRequest(person.workspace, id)
  const staged = yield* stageChanges(person, item.changes)
  const { environments, required } = yield* requiredFor(person.workspace, staged)
  const changes = yield* Effect.forEach(item.changes, (change) =>
    Effect.map(liveOf(person.workspace, change), ({ definition: live }) => {
      const after = staged.staged.find(({ change: of }) => of === change)?.after ?? draftOf(change)
      const [base, draft] = [change.base.definition ?? undefined, after ?? undefined]
      const { conflicts } = mergeDefinitions(base, draft, live ?? undefined, "draft")
      return {
        kind: change.kind,
        id: change.id,
        draft: fieldDifferences(base, draft),
        meanwhile: fieldDifferences(base, live ?? undefined),
        live: fieldDifferences(live ?? undefined, draft),
        conflicts
      }
    })
  )
  const diff: ChangeRequestDiff = {
    id,
    version: item.version,
    stale: changes.some(({ meanwhile }) => meanwhile.length > 0),
    approvals: { required, given: item.approvals.length, environments },
    changes,
    errors: staged.errors
  }
  return diff
})
