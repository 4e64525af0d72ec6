import { Clock, Effect, Metric } from "effect"
import { EventLog } from "../../ports/analytics/EventLog.ts"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import { DeadLetters } from "../../ports/platform/DeadLetters.ts"
import type { RevisedLetter, DeadLetter } from "../../ports/platform/DeadLetters.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { auditOf } from "./audit.ts"
import type { Actor } from "./audit.ts"
import { withoutConflict } from "./withoutConflict.ts"

/** Letters that one request redrives; the next takes the rest. */
export const redriveLettersMax = 1000
/** Far longer than an append takes; a redrive that broke off can be tried again after it. */
const claimMillis = 60_000
const claimsAtOnce = 16

export const deadLettersRedriven = Metric.counter("marketing_dead_letters_redriven_total", {
  description: "Dead letters whose line went back into the log, by consumer",
  incremental: true
})

const notFound = (id: string) => new Refused({ kind: "not-found", detail: `there is no dead letter ${id}`, errors: [] })

export const readDeadLetter = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const letters = yield* DeadLetters
  return (yield* letters.get(workspace, id)) ?? (yield* notFound(id))
})

const claim = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const letters = yield* DeadLetters
  return yield* letters.claim(workspace, id, (yield* Clock.currentTimeMillis) + claimMillis)
})

/** Puts the lines of claimed letters back into the log; where that fails they wait again. */
const append = Effect.fnUntraced(function* (workspace: WorkspaceId, claimed: ReadonlyArray<RevisedLetter>) {
  const log = yield* EventLog
  const letters = yield* DeadLetters
  const settleAll = (redrivenAt: number | undefined) =>
    Effect.forEach(claimed, (each) => letters.settle(workspace, each, redrivenAt), {
      concurrency: claimsAtOnce,
      discard: true
    })
  yield* log
    .append(claimed.map(({ letter }) => ({ key: `${workspace}|${letter.id}`, line: letter.line })))
    .pipe(Effect.tapError(() => Effect.ignore(settleAll(undefined))))
  yield* settleAll(yield* Clock.currentTimeMillis)
  for (const { letter } of claimed) {
    yield* Metric.update(Metric.withAttributes(deadLettersRedriven, { consumer: letter.consumer }), 1)
  }
})

const audit = Effect.fnUntraced(function* (actor: Actor, action: string, target: string, after?: unknown) {
  const documents = yield* DocumentStore
  const record = yield* auditOf(actor, yield* Clock.currentTimeMillis, action, target, undefined, after)
  yield* withoutConflict(documents.commit(actor.workspace, { writes: [], audit: [record] }))
})

/** Puts a dead letter's line back into the log, once however often it is asked, for its consumer to try again. */
export const redrive = Effect.fn("redrive")(function* (actor: Actor, id: string) {
  const claimed = yield* claim(actor.workspace, id)
  if (claimed === "missing") return yield* notFound(id)
  if (claimed === "claimed") {
    return yield* new Refused({ kind: "conflict", detail: "the dead letter is being redriven", errors: [] })
  }
  if (claimed === "redriven") return
  yield* append(actor.workspace, [claimed])
  yield* audit(actor, "dead_letter.redriven", `dead_letters/${id}`)
})

export interface Redriven {
  readonly redriven: number
  /** Whether more of them wait. */
  readonly more: boolean
}

/** Puts the lines of waiting letters back into the log, of a consumer or for a reason: {@link redriveLettersMax} at the most. */
export const redriveAll = Effect.fn("redriveAll")(function* (
  actor: Actor,
  filter: { readonly consumer?: string; readonly reason?: string }
) {
  const { workspace } = actor
  const { ids, more } = yield* waiting(workspace, filter)
  const claims = yield* Effect.forEach(ids, (id) => claim(workspace, id), { concurrency: claimsAtOnce })
  const claimed = claims.filter((each): each is RevisedLetter => typeof each === "object")
  if (claimed.length > 0) {
    yield* append(workspace, claimed)
    yield* audit(actor, "dead_letters.redriven", "dead_letters/", { ...filter, redriven: claimed.length })
  }
  const answer: Redriven = { redriven: claimed.length, more }
  return answer
})

const waiting = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  filter: { readonly consumer?: string; readonly reason?: string }
) {
  const letters = yield* DeadLetters
  const ids: Array<string> = []
  let cursor: string | undefined
  do {
    const page = yield* letters
      .list({ workspace, state: "waiting", ...filter, limit: 100, cursor })
      .pipe(Effect.catchTag("InvalidCursor", (invalid) => Effect.die(invalid)))
    ids.push(...page.items.map((letter: DeadLetter) => letter.id))
    cursor = page.next
  } while (cursor !== undefined && ids.length < redriveLettersMax)
  return { ids, more: cursor !== undefined }
})

export const removeDeadLetter = Effect.fn("removeDeadLetter")(function* (actor: Actor, id: string) {
  const { letter: found } = yield* readDeadLetter(actor.workspace, id)
  const { line: _, ...letter } = found
  const letters = yield* DeadLetters
  const now = yield* Clock.currentTimeMillis
  const record = yield* auditOf(actor, now, "dead_letter.removed", `dead_letters/${id}`, undefined, letter)
  yield* letters.remove(actor.workspace, [id], [record])
})
