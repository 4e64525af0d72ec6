import { Effect } from "effect"
import { isReservedId } from "../ports/analytics/EventStore.ts"
import type { StoredEvent } from "../ports/analytics/StoredEvent.ts"
import type { SubjectKeys } from "../ports/privacy/SubjectKeys.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"

/** In between the event loop has its turn. */
const linesPerSlice = 1000

/** The workspace of a line as ingestion writes it, without reading the rest. */
const beginning = /^\{"v":\d+,"event_id":"[^"]*","workspace":"([^"]+)"/

type Tombstones = SubjectKeys["Service"]["tombstones"]

/** How many subjects of each workspace are erased. */
export const countErased = (tombstones: Tombstones): ReadonlyMap<string, number> =>
  new Map([...tombstones].map(([workspace, subjects]) => [workspace, subjects.size]))

/** Workspaces in which somebody was erased since: what was chosen before may hold their lines. */
export const erasedSince = (
  tombstones: Tombstones,
  before: ReadonlyMap<string, number>
): ReadonlyArray<{ readonly workspace: WorkspaceId; readonly subjects: ReadonlyArray<string> }> =>
  [...tombstones].flatMap(([workspace, subjects]) => {
    const known = before.get(workspace) ?? 0
    // A set keeps the order in which its members came.
    return subjects.size === known
      ? []
      : [{ workspace: WorkspaceId.make(workspace), subjects: [...subjects].slice(known) }]
  })

/** Whether the line is an event of an erased subject; what is no event is nobody's. */
const isErased = (line: string, tombstones: Tombstones): boolean => {
  const workspace = beginning.exec(line)?.[1]
  if (workspace !== undefined && !tombstones.has(workspace)) return false
  try {
    const event = JSON.parse(line) as Partial<StoredEvent> | null
    const user = event?.user_id
    const subject = typeof user === "string" && !isReservedId(user) ? user : event?.anonymous_id
    return subject !== undefined && tombstones.get(String(event?.workspace))?.has(subject) === true
  } catch {
    return false
  }
}

/**
 * The lines but those of erased subjects: in the log they stay until it lets go of them, and what is built from it, or
 * put back into it, must not bring them back.
 */
export const withoutErased = Effect.fnUntraced(function* (tombstones: Tombstones, lines: ReadonlyArray<string>) {
  if (tombstones.size === 0) return lines
  const kept: Array<string> = []
  for (let at = 0; at < lines.length; at += linesPerSlice) {
    if (at > 0) yield* Effect.yieldNow
    for (const line of lines.slice(at, at + linesPerSlice)) if (!isErased(line, tombstones)) kept.push(line)
  }
  return kept
})
