import { Clock, Effect } from "effect"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { DocumentStore, StaleRevision } from "../../../ports/documents/DocumentStore.ts"
import type { Stamps } from "../../../ports/documents/Resource.ts"
import { changeRequests, requestBytesMax } from "../../../ports/experiments/ChangeRequest.ts"
import type { ChangeRequest } from "../../../ports/experiments/ChangeRequest.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Person } from "../../platform/keys.ts"
import { readItem } from "../../platform/resources.ts"
import type { Revised } from "../../platform/resources.ts"
import { storedIds } from "../../privacy/storedIds.ts"
import type { PersonalAct, RequestChange } from "../changes/requestLife.ts"
import { definitionOf, kinds, stageChanges } from "./changeSet.ts"
import type { DraftedChange } from "./changeSet.ts"
import { putRequest } from "./requestDocuments.ts"

const kind = { name: changeRequests.name, singular: "change request" }

export const refuse = (of: Refused["kind"], detail: string, errors: ReadonlyArray<FieldError> = []) =>
  new Refused({ kind: of, detail, errors })

export const readRequest = (workspace: WorkspaceId, id: string) => readItem<ChangeRequest>(kind, workspace, id)

/** A request to be committed. */
export const requestWrite = (workspace: WorkspaceId, request: ChangeRequest, expected: number) =>
  Effect.map(storedIds(workspace), (stored) => putRequest(request, expected, stored))

/** What an audit record says of a request; of the definitions their own records tell. */
const summaryOf = ({ apply_at, approvals, authors, changes, outcome, status, title, version }: ChangeRequest) => ({
  title,
  status,
  version,
  changes: changes.map((change) => `${kinds[change.kind].name}/${change.id}`),
  authors,
  approvals: approvals.map(({ by, key }) => ({ by, key })),
  apply_at,
  outcome
})

export const recordOf = (
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

export const actOf = Effect.fnUntraced(function* ({ keyId, person }: Person) {
  const act: PersonalAct = { by: person, key: keyId, at: yield* Clock.currentTimeMillis }
  return act
})

/** What stands of a definition; revision 0 where there is none. */
export const liveOf = Effect.fnUntraced(function* (workspace: WorkspaceId, change: Pick<DraftedChange, "kind" | "id">) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, kinds[change.kind].name, change.id)
  return { revision: found?.revision ?? 0, definition: found === undefined ? null : definitionOf(found.data as Stamps) }
})

/** Refuses what could not be applied as things stand, and what is too long to be kept. */
export const checked = Effect.fnUntraced(function* (person: Person, request: ChangeRequest, of: Refused["kind"]) {
  const { errors } = yield* stageChanges(person, request.changes)
  if (errors.length > 0) return yield* refuse(of, "the changes are not valid", errors)
  if (new TextEncoder().encode(JSON.stringify(request)).length > requestBytesMax) {
    const detail = `a request has at most ${requestBytesMax} bytes with what it began from`
    return yield* refuse(of, detail, [{ pointer: "/changes", code: "too_long", detail }])
  }
  return request
})

export const takenUp = (change: RequestChange) =>
  change.kind === "changed"
    ? Effect.succeed(change.request)
    : Effect.fail(refuse(change.because === "invalid" ? "bad-request" : change.because, change.detail, change.errors))

const triesMax = 5
const isOvertaken = (failure: unknown): boolean =>
  failure instanceof StaleRevision && failure.collection === changeRequests.name

/** Somebody else did something to the request in between: once more. */
export const untilTaken = <A, E, R>(step: Effect.Effect<A, E, R>): Effect.Effect<A, E | Refused, R> =>
  step.pipe(
    Effect.retry({ times: triesMax, while: isOvertaken }),
    Effect.catchIf(isOvertaken, () =>
      Effect.fail(refuse("conflict", "others change the request all the time: try again"))
    )
  )

/** The request as it has become, with its audit record. */
export const keep = Effect.fnUntraced(function* (
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
export const step = Effect.fnUntraced(function* (
  person: Person,
  id: string,
  verb: string,
  take: (request: ChangeRequest, act: PersonalAct) => RequestChange
) {
  const found = yield* readRequest(person.workspace, id)
  const request = yield* takenUp(take(found.item, yield* actOf(person)))
  return yield* keep(person, found, request, verb)
}, untilTaken)
