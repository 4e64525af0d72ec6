import { Cause, Clock, Effect } from "effect"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import { privacyRequests, runningPrivacyRequests } from "../../../ports/privacy/PrivacyRequest.ts"
import type { KeptRequest } from "../../../ports/privacy/PrivacyRequest.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { everywhere } from "../../platform/installation.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { evolve } from "../../privacy/requestLife.ts"
import type { RequestEvent } from "../../privacy/requestLife.ts"
import { findRequest, putRequest } from "./requestStore.ts"
import { stepsOf } from "./requestSteps.ts"
import type { Findings, Step } from "./requestSteps.ts"

interface Running {
  readonly workspace: WorkspaceId
  readonly id: string
  /** Who verified it, and is named by what is done for it. */
  readonly actor: Omit<Actor, "idempotency">
  readonly verified_at: number
}

/** What makes a verified request be taken up again after whatever ends the process. */
export const runningWrite = (actor: Actor, id: string, verified_at: number) => {
  const { from, keyId, requestId, workspace } = actor
  const data: Running = { workspace, id, actor: { workspace, keyId, from, requestId }, verified_at }
  const write = { kind: "put", expected: "any", schema_version: 1, subjects: [] } as const
  return { ...write, collection: runningPrivacyRequests.name, id: `${workspace}.${id}`, data }
}

/** Long after a verification has ended, well or not. */
const abandonedMillis = 60_000

/** Requests that this process works on: nobody else begins with them meanwhile. */
const underWay = new Set<string>()

/** Does what is left of a verified request, each step alone: one that fails holds up those alone that need it. */
export const runSteps = Effect.fn("runSteps")(function* <E, R>(
  actor: Actor,
  id: string,
  steps: ReadonlyArray<Step<E, R>>
) {
  const { workspace } = actor
  const key = `${workspace}.${id}`
  if (underWay.has(key)) return
  underWay.add(key)
  yield* Effect.ensuring(
    Effect.gen(function* () {
      for (const step of steps) {
        const { request } = yield* findRequest(workspace, id)
        if (request.status !== "in_progress") break
        const isDone = (name: string) => request.steps.some((each) => each.name === name && each.status === "done")
        if (isDone(step.name) || !step.needs.every(isDone)) continue
        const exit = yield* Effect.exit(step.run(actor, request))
        if (exit._tag === "Success") {
          yield* change(actor, id, [{ event: "step_done", step: step.name }], exit.value)
          continue
        }
        if (Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt
        yield* Effect.logWarning(`step ${step.name} of a privacy request failed and is tried again`, exit.cause)
        yield* change(actor, id, [{ event: "step_failed", step: step.name, error: reasonOf(exit.cause) }])
      }
      yield* completeIfDone(actor, id)
    }),
    Effect.sync(() => underWay.delete(key))
  )
})

/** In words that hold nothing of the person. */
const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const failure = cause.reasons.find(Cause.isFailReason)?.error as
    | { readonly _tag?: string; readonly detail?: string; readonly reason?: string }
    | undefined
  if (failure?._tag === "Refused") return failure.detail ?? "refused"
  return failure?._tag === "PortFailure" ? `a part of the service failed: ${failure.reason}` : "an unexpected failure"
}

/** Lets events happen to the request as it stands at the moment. */
const change = (actor: Actor, id: string, events: ReadonlyArray<RequestEvent>, findings: Findings = {}) =>
  Effect.gen(function* () {
    const documents = yield* DocumentStore
    const { request, revision, subjects } = yield* findRequest(actor.workspace, id)
    const now = yield* Clock.currentTimeMillis
    const next: KeptRequest = events.reduce((state, event) => evolve(state, event, actor.keyId, now), {
      ...request,
      ...findings
    })
    const own = findings.person === undefined ? subjects : []
    yield* documents.commit(actor.workspace, { writes: [putRequest(next, revision, own)] })
    return next
  }).pipe(
    Effect.retry({ times: 5, while: ({ _tag }) => _tag === "StaleRevision" }),
    Effect.catchTag("DuplicateKey", Effect.die)
  )

const completeIfDone = Effect.fnUntraced(function* (actor: Actor, id: string) {
  const documents = yield* DocumentStore
  const { workspace } = actor
  const { request } = yield* findRequest(workspace, id)
  if (request.status === "unverified") return
  if (request.status === "in_progress") {
    if (request.steps.some(({ status }) => status !== "done")) return
    const { kind } = yield* change(actor, id, [{ event: "completed" }])
    const now = yield* Clock.currentTimeMillis
    const target = `${privacyRequests.name}/${id}`
    const record = yield* auditOf(actor, now, "privacy_request.completed", target, undefined, { kind })
    yield* withoutConflict(documents.commit(workspace, { writes: [], audit: [record] }))
  }
  yield* forget(workspace, id)
})

const forget = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const collection = runningPrivacyRequests.name
  yield* withoutConflict(
    documents.commit(everywhere, {
      writes: [{ kind: "delete", collection, id: `${workspace}.${id}`, expected: "any" }]
    })
  )
})

export const runRequest = Effect.fnUntraced(function* (actor: Actor, id: string) {
  const { request } = yield* findRequest(actor.workspace, id)
  yield* runSteps<unknown, Effect.Services<ReturnType<RunningStep["run"]>>>(actor, id, yield* stepsOf(request.kind))
})
type RunningStep = Effect.Success<ReturnType<typeof stepsOf>>[number]

/** Takes up every verified request that is not at its end, of all workspaces. */
export const runPrivacyRequests = Effect.fnUntraced(function* () {
  const documents = yield* DocumentStore
  const page = yield* documents
    .list({
      workspace: everywhere,
      collection: runningPrivacyRequests.name,
      index: "by_time",
      equals: [],
      limit: listLimitMax
    })
    .pipe(Effect.catchTag("InvalidCursor", Effect.die))
  const now = yield* Clock.currentTimeMillis
  for (const { data } of page.items) {
    const { actor, id, verified_at, workspace } = data as Running
    const taken = Effect.gen(function* () {
      yield* runRequest(actor, id)
      const { request } = yield* findRequest(workspace, id)
      // Its verification broke off before it was one.
      if (request.status === "unverified" && verified_at < now - abandonedMillis) yield* forget(workspace, id)
    })
    yield* Effect.catchCause(taken, (cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.interrupt
        : Effect.logWarning("a privacy request is not at its end and is tried again", cause)
    )
  }
})
