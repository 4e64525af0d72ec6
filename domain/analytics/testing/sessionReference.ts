import type { StoredEvent as Event } from "../../../ports/analytics/StoredEvent.ts"
import { inOrder } from "./arrivalOrder.ts"

export interface ReferenceLimits {
  readonly idleMillis: number
  readonly maximumMillis: number
}

/** Events of each session in arrival order: by session id, and by pauses where there is none. */
export const sessionsOf = (
  all: ReadonlyArray<Event>,
  { idleMillis, maximumMillis }: ReferenceLimits
): ReadonlyArray<ReadonlyArray<Event>> => {
  const sessions = new Map<string, Array<Event>>()
  const open = new Map<string, { readonly key: string; readonly start: number; readonly last: number }>()
  for (const event of inOrder(all)) {
    const device = event.anonymous_id
    let key = `${device} ${event.session_id}`
    if (event.session_id === undefined) {
      const own = open.get(device)
      const goesOn = own !== undefined && event.time - own.last <= idleMillis && event.time - own.start <= maximumMillis
      key = goesOn ? own.key : `derived ${device} ${event.time}`
      open.set(device, { key, start: goesOn ? own.start : event.time, last: event.time })
    }
    sessions.set(key, [...(sessions.get(key) ?? []), event])
  }
  return [...sessions.values()]
}

export interface ReferenceSession {
  readonly first: Event
  readonly start: number
  readonly duration: number
  readonly events: number
  readonly pages: number
  readonly bounced: boolean
  readonly engaged: number | null
  readonly scroll: number | null
  readonly entry_path: string | null
  readonly exit_path: string | null
  readonly source: string | null
  readonly medium: string | null
  readonly campaign: string | null
  readonly country: string | null
}

const passive = ["page_view", "page_exit", "scroll_depth", "engagement", "web_vital"]

export const isExternal = (event: Event, ownDomain: string): boolean => {
  const host = event.page?.referrer_host
  return host !== undefined && host !== ownDomain && !host.endsWith(`.${ownDomain}`)
}

/** With campaign, click id or external referrer. */
export const tellsSource = (event: Event, ownDomain: string): boolean =>
  Object.values(event.campaign ?? {}).some((value) => value !== undefined) || isExternal(event, ownDomain)

export const sourceOf = (event: Event, ownDomain: string): string | null =>
  event.campaign?.source ?? (isExternal(event, ownDomain) ? event.page!.referrer_host! : null)

const numbersOf = (events: ReadonlyArray<Event>, type: string, property: string, max: number) =>
  events.flatMap((event) => {
    const value = event.properties[property]
    return event.event_type === type && typeof value === "number" && value >= 0 && value <= max
      ? [Math.round(value)]
      : []
  })

export const describeSession = (events: ReadonlyArray<Event>, ownDomain: string): ReferenceSession => {
  const [first] = events as [Event]
  const pages = events.filter((event) => event.event_type === "page_view")
  const active = events.filter(
    (event) => !passive.includes(event.event_type) && event.properties["interactive"] !== false
  )
  const origin = events.find((event) => tellsSource(event, ownDomain))
  const engaged = numbersOf(events, "page_exit", "engaged_ms", 86_400_000)
  const scroll = [
    ...numbersOf(events, "page_exit", "scroll_percent", 100),
    ...numbersOf(events, "scroll_depth", "percent", 100)
  ]
  return {
    first,
    start: first.time,
    duration: events.at(-1)!.time - first.time,
    events: events.length,
    pages: pages.length,
    bounced: pages.length === 1 && active.length === 0,
    engaged: engaged.length === 0 ? null : engaged.reduce((sum, each) => sum + each, 0),
    scroll: scroll.length === 0 ? null : Math.max(...scroll),
    entry_path: pages[0]?.page?.path ?? null,
    exit_path: pages.at(-1)?.page?.path ?? null,
    source: origin === undefined ? null : sourceOf(origin, ownDomain),
    medium: origin?.campaign?.medium ?? null,
    campaign: origin?.campaign?.campaign ?? null,
    country: first.geo?.country ?? null
  }
}

const mean = (values: ReadonlyArray<number>): number | null =>
  values.length === 0 ? null : Number((values.reduce((sum, value) => sum + value, 0) / values.length).toPrecision(12))

/** Totals of the sessions; `person` says who an event counts for. */
export const totalsOf = (sessions: ReadonlyArray<ReferenceSession>, person: (event: Event) => string) => {
  const durations = sessions.map(({ duration }) => duration).toSorted((a, b) => a - b)
  const middle = durations.length >> 1
  const engaged = sessions.flatMap((session) => (session.engaged === null ? [] : [session.engaged]))
  const scrolled = sessions.flatMap((session) => (session.scroll === null ? [] : [session.scroll]))
  const bounces = sessions.filter(({ bounced }) => bounced).length
  return {
    sessions: sessions.length,
    people: new Set(sessions.map(({ first }) => person(first))).size,
    bounces,
    bounce_rate: mean(sessions.map(({ bounced }) => (bounced ? 1 : 0))),
    pages: sessions.reduce((sum, { pages }) => sum + pages, 0),
    pages_per_session: mean(sessions.map(({ pages }) => pages)),
    duration_mean_ms: mean(durations),
    duration_median_ms:
      durations.length === 0
        ? null
        : durations.length % 2 === 1
          ? durations[middle]!
          : (durations[middle - 1]! + durations[middle]!) / 2,
    engaged_mean_ms: mean(engaged),
    engaged_sessions: engaged.length,
    scroll_mean_percent: mean(scrolled),
    scrolled_sessions: scrolled.length
  }
}
