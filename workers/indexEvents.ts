import { Clock, Effect } from "effect"
import { createHash } from "node:crypto"
import { EventStore, insertLinesMax } from "../ports/analytics/EventStore.ts"
import type { RejectedLine } from "../ports/analytics/EventStore.ts"
import { DeadLetters } from "../ports/platform/DeadLetters.ts"
import type { DeadLetter } from "../ports/platform/DeadLetters.ts"
import { SubjectKeys } from "../ports/privacy/SubjectKeys.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"
import { consume } from "./consume.ts"
import { countErased, erasedSince, withoutErased } from "./withoutErased.ts"

const name = "index"
/** An insert costs the same for one line as for hundreds; answers stay fresh well within a second. */
const gatherMillis = 400
/** What comes in a quarter of a second where ten thousand events come in a second: half as many inserts as without a pause. */
const behindBytes = 2 * 1024 * 1024

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

/** Puts every line of the log into the event store; lines that are none become dead letters before it goes on. */
export const indexEvents = Effect.gen(function* () {
  const store = yield* EventStore
  const deadLetters = yield* DeadLetters
  const { tombstones } = yield* SubjectKeys

  const setApart = Effect.fnUntraced(function* (rejected: ReadonlyArray<RejectedLine>) {
    const now = yield* Clock.currentTimeMillis
    yield* Effect.logWarning(`${name}: ${rejected.length} lines become dead letters`)
    const byWorkspace = Map.groupBy(rejected, ({ line }) => workspaceOf(line))
    for (const [workspace, lines] of byWorkspace) {
      yield* deadLetters.add(
        workspace,
        lines.map((line) => letterOf(line, now))
      )
    }
  })

  return yield* consume({
    name,
    linesMax: insertLinesMax,
    gatherMillis,
    behindBytes,
    position: store.position,
    take: Effect.fnUntraced(function* (batch) {
      const before = countErased(tombstones)
      let lines = yield* withoutErased(tombstones, batch.lines)
      for (;;) {
        const { rejected } = yield* store.insert({ ...batch, lines })
        for (const { subjects, workspace } of erasedSince(tombstones, before, lines)) {
          yield* store.erase(workspace, subjects, tombstones.counts.get(workspace)!)
        }
        if (rejected.length === 0) return
        yield* setApart(rejected)
        const apart = new Set(rejected.map(({ line }) => line))
        lines = lines.filter((line) => !apart.has(line))
      }
    })
  })
})
