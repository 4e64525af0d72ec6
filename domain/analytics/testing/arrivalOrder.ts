import type { StoredEvent as Event } from "../../../ports/analytics/StoredEvent.ts"

/** Arrival order: time, arrival, place in the batch, id. */
export const inOrder = (events: ReadonlyArray<Event>): ReadonlyArray<Event> =>
  events.toSorted(
    (a, b) =>
      a.time - b.time || a.received_at - b.received_at || a.index - b.index || (a.event_id < b.event_id ? -1 : 1)
  )
