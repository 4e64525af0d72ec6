import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { createHash } from "node:crypto"
import { EventStore, isReservedId } from "../../../ports/analytics/EventStore.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { DuplicateKey } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { challengeDays, privacyRequests } from "../../../ports/privacy/PrivacyRequest.ts"
import type {
  Challenge,
  Decision,
  KeptRequest,
  NewPrivacyRequest,
  PrivacyRequestItem,
  Verification
} from "../../../ports/privacy/PrivacyRequest.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { once } from "../../platform/idempotency.ts"
import { everywhere } from "../../platform/installation.ts"
import { isPersonalId } from "../../privacy/personalData.ts"
import { requestDeadline } from "../../privacy/requestDeadline.ts"
import { decide, evolve } from "../../privacy/requestLife.ts"
import type { Command, Rejection } from "../../privacy/requestLife.ts"
import { exportPerson } from "../workflows/exportPerson.ts"
import { idAtDoor } from "../workflows/idAtDoor.ts"
import { sealTraits, traitErrors } from "./rectifiedTraits.ts"
import { findRequest, itemNow, itemOf, putRequest, refuseManyOpen } from "./requestStore.ts"
import { stepsOf } from "./requestSteps.ts"
import { runningWrite, runRequest } from "./runRequest.ts"

const dayMillis = 86_400_000
const tokenBytes = 32
/** Requests may be told late, but not of another age: ten years. */
const receivedBeforeMillisMax = 3653 * dayMillis

const targetOf = (id: string): string => `${privacyRequests.name}/${id}`

const invalid = (errors: Refused["errors"]) =>
  new Refused({ kind: "bad-request", detail: "the request is not valid", errors })

const errorsOf = (asked: NewPrivacyRequest, now: number): Refused["errors"] => [
  ...(isReservedId(asked.person)
    ? [{ pointer: "/person", code: "reserved_id", detail: `${asked.person} stands for nobody` }]
    : []),
  ...(asked.received_at !== undefined && (asked.received_at > now || asked.received_at < now - receivedBeforeMillisMax)
    ? [{ pointer: "/received_at", code: "out_of_range", detail: "must lie in the last ten years" }]
    : []),
  ...(asked.reference !== undefined && isPersonalId(asked.reference)
    ? [{ pointer: "/reference", code: "personal_data", detail: "must hold no e-mail address or phone number" }]
    : []),
  ...(asked.kind === "rectify"
    ? traitErrors(asked.traits)
    : asked.traits === undefined
      ? []
      : [{ pointer: "/traits", code: "unexpected", detail: "only rectify sets traits" }])
]

/** Takes a request down; nothing is done for it until it is verified. */
export const createRequest = Effect.fn("createRequest")(function* (actor: Actor, asked: NewPrivacyRequest) {
  const documents = yield* DocumentStore
  const { workspace } = actor
  const errors = errorsOf(asked, yield* Clock.currentTimeMillis)
  if (errors.length > 0) return yield* invalid(errors)
  const person = yield* idAtDoor(workspace, asked.person)
  if (asked.kind === "rectify") yield* mustBeKnown(workspace, person)
  return yield* once<PrivacyRequestItem, DuplicateKey, Effect.Services<ReturnType<typeof newRequest>>>(
    actor,
    Effect.fnUntraced(function* (remember) {
      yield* refuseManyOpen(documents, workspace)
      const request = yield* newRequest(actor, { ...asked, person })
      const now = request.history[0]!.at
      const item = itemOf(request, now)
      const told = { kind: request.kind, law: request.law, due_at: request.due_at }
      yield* documents.commit(workspace, {
        writes: [putRequest(request, 0, [person])],
        audit: [
          yield* auditOf(actor, now, "privacy_request.received", targetOf(request.id), undefined, told, [person])
        ],
        ...remember(item)
      })
      return item
    })
  )
})

const mustBeKnown = Effect.fnUntraced(function* (workspace: WorkspaceId, personId: string) {
  const store = yield* EventStore
  if ((yield* store.people({ workspace, personId, limit: 1 })).length > 0) return
  return yield* new Refused({ kind: "not-found", detail: "there is no such person", errors: [] })
})

const newRequest = Effect.fnUntraced(function* (actor: Actor, asked: NewPrivacyRequest) {
  const { kind, law = "gdpr", person, reference = null, traits = {} } = asked
  const random = yield* SecureRandom.SecureRandom
  const now = yield* Clock.currentTimeMillis
  const received_at = asked.received_at ?? now
  const id = yield* random.uuidV7()
  const steps = yield* stepsOf(kind)
  const request: KeptRequest = {
    id,
    kind,
    person,
    law,
    reference,
    status: "unverified",
    received_at,
    due_at: requestDeadline(law, received_at, false),
    extended: false,
    verification: null,
    trait_names: Object.keys(traits),
    steps: steps.map(({ name }) => ({ name, status: "waiting", attempts: 0, at: null, error: null })),
    inventory: null,
    receipt: null,
    completed_at: null,
    available_until: null,
    history: [{ at: now, by: actor.keyId, event: "received", detail: null }],
    ...(kind === "rectify" ? { sealed_traits: yield* sealTraits(actor.workspace, id, person, traits) } : {})
  }
  return request
})

export interface RequestFilter {
  readonly status?: KeptRequest["status"] | undefined
  readonly kind?: KeptRequest["kind"] | undefined
}

const indexFor = ({ kind, status }: RequestFilter) => {
  if (kind !== undefined && status !== undefined) return { index: "by_kind_and_status", equals: [kind, status] }
  if (status !== undefined) return { index: "by_status", equals: [status] }
  return kind === undefined ? { index: "by_time", equals: [] } : { index: "by_kind", equals: [kind] }
}

/** Newest first; of one status those first that are due first. */
export const listRequests = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  filter: RequestFilter,
  limit: number,
  cursor: string | undefined
) {
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const by = { workspace, collection: privacyRequests.name, ...indexFor(filter), limit, cursor }
  const { items, next } = yield* documents.list(by)
  return { items: items.map(({ data }) => itemOf(data as KeptRequest, now)), next: next ?? null }
})

export const readRequest = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const { request, revision } = yield* findRequest(workspace, id)
  return { item: yield* itemNow(request), revision }
})

const rejections: Readonly<Record<Rejection, string>> = {
  closed: "the request is closed",
  verified_before: "the request is verified already",
  extended_before: "the request was extended already",
  too_late: "the deadline is over: it can be extended before it alone",
  under_way: "what the request asks for is done in part already",
  no_challenge: "no token was made for the request",
  wrong_token: "the token is another one",
  token_expired: "the token does not hold any more",
  too_many: "too much has happened to the request"
}

/** Follows a command, judged by the request as it is at the moment. */
const follow = (actor: Actor, id: string, command: Command) =>
  Effect.gen(function* () {
    const documents = yield* DocumentStore
    const { workspace } = actor
    const { request, revision, subjects } = yield* findRequest(workspace, id)
    const now = yield* Clock.currentTimeMillis
    const decided = decide(request, command, now)
    if ("rejected" in decided) {
      const detail = rejections[decided.rejected]
      return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code: decided.rejected, detail }] })
    }
    const next = decided.events.reduce((state, event) => evolve(state, event, actor.keyId, now), request)
    const records = yield* Effect.forEach(decided.events, ({ event }) =>
      auditOf(actor, now, `privacy_request.${event}`, targetOf(id), undefined, { kind: request.kind }, subjects)
    )
    if (next.status === "in_progress" && request.status === "unverified") {
      // First where it is taken up again: whatever happens in between, a verified request is not forgotten.
      yield* documents.commit(everywhere, { writes: [runningWrite(actor, id, now)] })
    }
    yield* documents.commit(workspace, { writes: [putRequest(next, revision, subjects)], audit: records })
    return next
  }).pipe(
    Effect.retry({ times: 5, while: ({ _tag }) => _tag === "StaleRevision" }),
    Effect.catchTag("DuplicateKey", Effect.die)
  )

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex")

/** A token for the person: who brings it back has read what was sent to the person's address. The last one holds. */
export const challengeRequest = Effect.fn("challengeRequest")(function* (actor: Actor, id: string) {
  const random = yield* SecureRandom.SecureRandom
  const token = Buffer.from(yield* random.randomBytes(tokenBytes)).toString("base64url")
  const expires_at = (yield* Clock.currentTimeMillis) + challengeDays * dayMillis
  yield* follow(actor, id, { kind: "challenge", hash: hashOf(token), expiresAt: expires_at })
  const challenge: Challenge = { token, expires_at }
  return challenge
})

/** Once the person is proven to ask, does what is asked for; what fails is tried again, each step alone. */
export const verifyRequest = Effect.fn("verifyRequest")(function* (actor: Actor, id: string, proof: Verification) {
  if (proof.method === "operator" && isPersonalId(proof.evidence)) {
    const detail = "must hold no e-mail address or phone number"
    return yield* invalid([{ pointer: "/evidence", code: "personal_data", detail }])
  }
  yield* follow(
    actor,
    id,
    proof.method === "operator"
      ? { kind: "verify_by_operator", evidence: proof.evidence }
      : { kind: "verify_by_token", hash: hashOf(proof.token) }
  )
  return yield* retryRequest(actor, id)
})

/** Does what is left now instead of at the next round; changes nothing where nothing is left. */
export const retryRequest = Effect.fn("retryRequest")(function* (actor: Actor, id: string) {
  yield* runRequest(actor, id)
  return yield* itemNow((yield* findRequest(actor.workspace, id)).request)
})

export const decideRequest = Effect.fn("decideRequest")(function* (actor: Actor, id: string, asked: Decision) {
  const command: Command =
    asked.decision === "withdraw" ? { kind: "withdraw" } : { kind: asked.decision, reason: asked.reason }
  return yield* itemNow(yield* follow(actor, id, command))
})

/** What an answered request for access gives out: everything that is held now, clear. No copy of it is kept. */
export const exportRequest = Effect.fn("exportRequest")(function* (
  actor: Actor & { readonly mayReadPersonalData: boolean },
  id: string
) {
  const { request } = yield* findRequest(actor.workspace, id)
  const now = yield* Clock.currentTimeMillis
  if (request.available_until === null || request.available_until < now) {
    const detail =
      request.kind !== "access" && request.kind !== "export"
        ? `a request to ${request.kind} has no file`
        : request.status === "completed"
          ? "the file could be fetched until its time was over"
          : "the request is not answered yet"
    return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code: "not_available", detail }] })
  }
  return yield* exportPerson(actor, request.person)
})
