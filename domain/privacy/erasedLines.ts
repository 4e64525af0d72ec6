import { isReservedId } from "../../ports/analytics/EventStore.ts"
import type { StoredEvent } from "../../ports/analytics/StoredEvent.ts"
import type { Tombstones } from "../../ports/privacy/SubjectKeys.ts"

/** The workspace of a line as ingestion writes it, without reading the rest. */
const beginning = /^\{"v":\d+,"event_id":"[^"]*","workspace":"([^"]+)"/

/** The line as an event and the subject that it counts for; `undefined` for what is no event. */
export const eventOwner = (line: string): { readonly workspace: string; readonly subject: string } | undefined => {
  try {
    const event = JSON.parse(line) as Partial<StoredEvent> | null
    const user = event?.user_id
    const subject = typeof user === "string" && !isReservedId(user) ? user : event?.anonymous_id
    return subject === undefined ? undefined : { workspace: String(event?.workspace), subject }
  } catch {
    return undefined
  }
}

/** Whether the line is an event of an erased subject; what is no event is nobody's. */
export const isErasedLine = (line: string, tombstones: Tombstones): boolean => {
  const workspace = beginning.exec(line)?.[1]
  if (workspace !== undefined && !tombstones.counts.has(workspace)) return false
  const found = eventOwner(line)
  return found !== undefined && tombstones.has(found.workspace, found.subject)
}
