import type { StoredEvent } from "../../../ports/analytics/StoredEvent.ts"
import { inOrder } from "./arrivalOrder.ts"

export { inOrder } from "./arrivalOrder.ts"

/**
 * The rules in the plainest words, over a list of events: slow, obvious, and written from the rules alone.
 * What the product answers is compared with this.
 */
export type Event = StoredEvent

const reserved = ["", "null", "undefined", "anonymous", "server", "0"]
const mayLink = (id: string | undefined): id is string =>
  id !== undefined && !reserved.includes(id.trim().toLowerCase())

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

/** Whom an event counts for: its person, or whatever accounts. */
export type Units = (event: Event) => ReadonlyArray<string>

export const peopleUnits = (events: ReadonlyArray<Event>, merges?: ReadonlyMap<string, string>): Units => {
  const person = personOf(events, merges)
  return (event) => [person(event)]
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

const utc = (day: string) => Date.parse(`${day}T00:00:00Z`)
const dayOf = (millis: number) => new Date(millis).toISOString().slice(0, 10)
export const daysAfter = (day: string, days: number): string => dayOf(utc(day) + days * 86_400_000)

export type Interval = "hour" | "day" | "week" | "month"

/** Name of the hour, day, week (by its Monday) or month that clocks in the zone show. */
export const bucketOf = (zone: string, interval: Interval, millis: number): string => {
  const clock = clockOf(zone, millis)
  return interval === "week" ? daysAfter(clock.day, -((new Date(utc(clock.day)).getUTCDay() + 6) % 7)) : clock[interval]
}

/** The value of a person's trait: what set it last, else what set it once first; `undefined` where nothing did. */
export const traitOf = (changes: ReadonlyArray<Event>, name: string): unknown => {
  const has = (part: Readonly<Record<string, unknown>> | undefined) => part !== undefined && Object.hasOwn(part, name)
  const ordered = inOrder(changes)
  const set = ordered.findLast((event) => has(event.traits))
  if (set !== undefined) return set.traits![name]
  return ordered.find((event) => has(event.traits_once))?.traits_once![name]
}

/** The number that a text is, `undefined` where it is none. */
export const numberOf = (text: string | null): number | undefined => {
  const number = text === null || text.trim() === "" ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : undefined
}

/** The event's amount: a number, or a text that is one. */
export const amountOf = ({ properties: { amount } }: Event): number | undefined =>
  typeof amount === "number" || typeof amount === "string" ? numberOf(String(amount)) : undefined
