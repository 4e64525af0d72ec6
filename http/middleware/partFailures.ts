import { Clock, Effect } from "effect"
import type { PortFailure } from "../../ports/PortFailure.ts"

const lineEveryMillis = 1000

interface Said {
  at: number
  since: number
}

/** Keys are names from the code: port, operation, reason. */
const said = new Map<string, Said>()

/**
 * Tells the operator that a part has failed a request: at most a line a second for each kind of failure, with how many
 * there were since the last, because an engine that is away fails every request.
 */
export const logPartFailure = ({ detail, operation, port, reason }: PortFailure): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const key = `${port}.${operation}.${reason}`
    const last = said.get(key) ?? { at: -Infinity, since: 0 }
    last.since += 1
    said.set(key, last)
    if (now - last.at < lineEveryMillis) return Effect.void
    const fields = { port, operation, reason, detail, requests: last.since }
    last.at = now
    last.since = 0
    return reason === "corrupt"
      ? Effect.logError("a part failed requests", fields)
      : Effect.logWarning("a part failed requests", fields)
  })
