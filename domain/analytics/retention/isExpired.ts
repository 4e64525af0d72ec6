import type { Expiry, HeldEvents } from "../../../ports/analytics/Expiry.ts"
import { isReservedId } from "../../../ports/analytics/EventStore.ts"
import type { StoredEvent } from "../../../ports/analytics/StoredEvent.ts"

const isHeld = (event: StoredEvent, { eventTypes, fromMillis, ids, toMillis }: HeldEvents): boolean => {
  const { anonymous_id, event_type, time, user_id } = event
  const owner = user_id === undefined || isReservedId(user_id) ? anonymous_id : user_id
  return (
    (ids === undefined || ids.includes(owner)) &&
    (eventTypes === undefined || eventTypes.includes(event_type)) &&
    (fromMillis === undefined || time >= fromMillis) &&
    (toMillis === undefined || time < toMillis)
  )
}

/** Whether an event's time is over: as the stores judge it. What stays of a first event is none. */
export const isExpired = (event: StoredEvent, expiry: Expiry): boolean => {
  const { beforeMillis, eventTypes, exceptEventTypes = [], holds = [] } = expiry
  return (
    event.expired !== true &&
    event.time < beforeMillis &&
    (eventTypes === undefined || eventTypes.includes(event.event_type)) &&
    !exceptEventTypes.includes(event.event_type) &&
    !holds.some((held) => isHeld(event, held))
  )
}
