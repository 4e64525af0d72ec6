import { Clock, Effect } from "effect"
import { createHash } from "node:crypto"
import { EventStore, insertLinesMax } from "../ports/analytics/EventStore.ts"
import type { RejectedLine } from "../ports/analytics/EventStore.ts"
import { DeadLetters } from "../ports/platform/DeadLetters.ts"
import type { DeadLetter } from "../ports/platform/DeadLetters.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"
import { consume } from "./consume.ts"

const name = "index"

const letterOf = (rejected: RejectedLine, now: number): DeadLetter => ({
  id: createHash("sha256").update(rejected.line).digest("hex").slice(0, 32),
  consumer: name,
  reason: rejected.reason,
  detail: rejected.detail,
  line: rejected.line,
  failed_at: now,
  attempts: 1
})

const workspaceOf = (line: string): WorkspaceId => {
  const found = /"workspace":"([a-z0-9][a-z0-9-]{0,62})"/.exec(line)?.[1]
  return WorkspaceId.make(found ?? "default")
}

/** Puts every line of the log into the event store; lines that are none become dead letters. */
export const indexEvents = Effect.gen(function* () {
  const store = yield* EventStore
  const deadLetters = yield* DeadLetters
  return yield* consume({
    name,
    linesMax: insertLinesMax,
    position: store.position,
    take: Effect.fnUntraced(function* (batch) {
      const { rejected } = yield* store.insert(batch)
      if (rejected.length === 0) return
      const now = yield* Clock.currentTimeMillis
      yield* Effect.logWarning(`${name}: ${rejected.length} lines became dead letters`)
      for (const line of rejected) yield* deadLetters.add(workspaceOf(line.line), [letterOf(line, now)])
    })
  })
})
