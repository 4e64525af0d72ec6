import { Clock, Effect } from "effect"
import { EventLog } from "../../ports/analytics/EventLog.ts"
import { DeadLetters } from "../../ports/platform/DeadLetters.ts"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import { auditOf } from "./audit.ts"
import type { Actor } from "./audit.ts"
import { withoutConflict } from "./withoutConflict.ts"

/** Puts a dead letter's line back into the log, for its consumer to try again; then it is no dead letter any more. */
export const redrive = Effect.fn("redrive")(function* (actor: Actor, id: string) {
  const letters = yield* DeadLetters
  const letter = yield* letters.get(actor.workspace, id)
  if (letter === undefined)
    return yield* new Refused({ kind: "not-found", detail: `there is no dead letter ${id}`, errors: [] })
  const log = yield* EventLog
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  yield* log.append([{ key: `${actor.workspace}|${id}`, line: letter.line }])
  yield* letters.remove(actor.workspace, [id])
  yield* withoutConflict(
    documents.commit(actor.workspace, {
      writes: [],
      audit: [yield* auditOf(actor, now, "dead_letter.redriven", `dead_letters/${id}`)]
    })
  )
})
