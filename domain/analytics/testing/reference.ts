import type { StoredEvent } from "../../../ports/analytics/StoredEvent.ts"

/**
 * The rules in the plainest words, over a list of events: slow, obvious, and written from the rules alone.
 * What the product answers is compared with this.
 */
export type Event = StoredEvent

const reserved = ["", "null", "undefined", "anonymous", "server", "0"]
const mayLink = (id: string | undefined): id is string =>
  id !== undefined && !reserved.includes(id.trim().toLowerCase())

/** Arrival order: time, arrival, place in the batch, id. */
export const inOrder = (events: ReadonlyArray<Event>): ReadonlyArray<Event> =>
  events.toSorted(
    (a, b) =>
      a.time - b.time || a.received_at - b.received_at || a.index - b.index || (a.event_id < b.event_id ? -1 : 1)
  )

/** The first line of an id in the order of the log counts, later ones do not. */
export const withoutDuplicates = (log: ReadonlyArray<Event>): ReadonlyArray<Event> => {
  const seen = new Set<string>()
  return log.filter((event) => !seen.has(event.event_id) && Boolean(seen.add(event.event_id)))
}

/** Who an event counts for. */
export const personOf = (events: ReadonlyArray<Event>, merges: ReadonlyMap<string, string> = new Map()) => {
  const links = inOrder(events).filter((event) => mayLink(event.user_id) && mayLink(event.anonymous_id))
  const root = (user: string) => merges.get(user) ?? user
  return (event: Event): string => {
    if (mayLink(event.user_id)) return `user ${root(event.user_id)}`
    const own = links.filter((link) => link.anonymous_id === event.anonymous_id)
    const users = new Set(own.map((link) => link.user_id))
    return own.length > 0 && users.size <= 20 ? `user ${root(own[0]!.user_id!)}` : `device ${event.anonymous_id}`
  }
}

/** Orders once each, refunds once each, by their first event. */
export const ordersOf = (events: ReadonlyArray<Event>): ReadonlyArray<Event> => {
  const seen = new Set<string>()
  return inOrder(events).filter((event) => {
    const refund = event.event_type === "order_refunded"
    if (event.event_type !== "order_completed" && !refund) return false
    const order = event.money?.order_id ?? event.properties["order_id"] ?? event.event_id
    const key = refund
      ? `refund ${String(order)} ${String(event.money?.refund_id ?? event.properties["refund_id"] ?? event.event_id)}`
      : `order ${String(order)}`
    return !seen.has(key) && Boolean(seen.add(key))
  })
}

const clocks = new Map<string, Intl.DateTimeFormat>()
const shown = new Map<string, { readonly month: string; readonly day: string; readonly hour: string }>()

/** What clocks in the zone show. Remembered: making a clock takes longer than all the rest of the reference. */
const clockOf = (zone: string, millis: number) => {
  const key = `${zone} ${millis}`
  const known = shown.get(key)
  if (known !== undefined) return known
  const clock =
    clocks.get(zone) ??
    new Intl.DateTimeFormat("sv-SE", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      timeZoneName: "longOffset"
    })
  clocks.set(zone, clock)
  const parts = clock.formatToParts(millis)
  const part = (type: string) => parts.find((each) => each.type === type)!.value
  const month = `${part("year")}-${part("month")}`
  const day = `${month}-${part("day")}`
  const fresh = { month, day, hour: `${day}T${part("hour")} ${part("timeZoneName")}` }
  shown.set(key, fresh)
  return fresh
}

/** `2026-03-29`, or with its hour, as clocks in the zone show it. */
export const bucketOf = (zone: string, interval: "hour" | "day" | "month", millis: number): string =>
  clockOf(zone, millis)[interval]

export interface Counts {
  readonly events: number
  readonly people: number
  readonly sessions: number
  readonly orders: number
  /** Cents of the one currency. */
  readonly revenue: bigint
  readonly sum: number
}

/** What `counted` of `all` events amounts to. `convert` gives the cents of an order in the asked currency. */
export const count = (
  all: ReadonlyArray<Event>,
  counted: (event: Event) => boolean,
  convert: (event: Event) => bigint,
  merges?: ReadonlyMap<string, string>
): Counts => {
  const person = personOf(all, merges)
  const own = all.filter(counted)
  const orders = ordersOf(all).filter(counted)
  const money = orders.filter((event) => event.money !== undefined)
  return {
    events: own.length,
    people: new Set(own.map(person)).size,
    sessions: new Set(
      own.flatMap((event) => (event.session_id === undefined ? [] : [`${event.anonymous_id} ${event.session_id}`]))
    ).size,
    orders: orders.filter((event) => event.event_type === "order_completed").length,
    revenue: money.reduce(
      (sum, event) => sum + (event.event_type === "order_refunded" ? -1n : 1n) * convert(event),
      0n
    ),
    sum: own.reduce(
      (sum, event) => sum + (typeof event.properties["amount"] === "number" ? event.properties["amount"] : 0),
      0
    )
  }
}
