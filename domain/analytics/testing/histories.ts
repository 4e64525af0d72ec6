import * as fc from "fast-check"
import type { StoredEvent } from "../../../ports/analytics/StoredEvent.ts"

export interface History {
  readonly zone: string
  /** First day of the days around which the events lie. */
  readonly day: string
  /** Lines in the order of the log, duplicates among them. */
  readonly log: ReadonlyArray<StoredEvent>
  readonly merges: ReadonlyMap<string, string>
}

/** Zones with days around a change of clocks, both ways, at midnight too, and some without. */
const places: ReadonlyArray<readonly [zone: string, day: string]> = [
  ["Europe/Berlin", "2026-03-29"],
  ["Europe/Berlin", "2026-10-24"],
  ["America/New_York", "2026-03-08"],
  ["America/Sao_Paulo", "2018-11-03"],
  ["America/Havana", "2025-11-01"],
  ["Asia/Beirut", "2022-03-26"],
  ["Africa/Cairo", "2023-04-27"],
  ["Australia/Lord_Howe", "2026-04-04"],
  ["Asia/Kolkata", "2026-01-01"],
  ["UTC", "2026-02-28"]
]
export const rangeDays = 3
const halfHourMillis = 1_800_000
const dayMillis = 86_400_000

const uuidOf = (number: number) => `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`
const types = ["page_view", "page_view", "user_signed_up", "profile_updated", "order_completed", "order_refunded"]

/** Whole and half hours, so that equal times and borders of days are common; a few a month or a year before. */
const timeFrom = (start: number) =>
  fc
    .tuple(
      fc.integer({ min: -24, max: (rangeDays + 2) * 48 }),
      fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.constantFrom(2, 3, 31, 365) })
    )
    .map(([half, daysBefore]) => start + half * halfHourMillis - daysBefore * dayMillis)

/** Few people, devices, sessions and orders, so that everything that can meet does meet. */
const eventOf = (workspace: string, day: string, number: number) => {
  const start = Date.parse(`${day}T00:00:00Z`)
  return fc
    .record({
      event_type: fc.constantFrom(...types),
      anonymous_id: fc.constantFrom("a", "b", "c", "d", "null", "server"),
      user_id: fc.option(fc.constantFrom("u", "v", "w", "a", " Null ", "0"), { nil: undefined }),
      session_id: fc.option(fc.constantFrom("s", "t"), { nil: undefined }),
      time: timeFrom(start),
      received: fc.integer({ min: 0, max: 3 }),
      country: fc.option(fc.constantFrom("DE", "FR", "US"), { nil: undefined }),
      path: fc.option(fc.constantFrom("/", "/Pricing", "/pricing/team"), { nil: undefined }),
      order: fc.constantFrom("o1", "o2", "o3"),
      refund: fc.constantFrom("r1", "r2"),
      minor: fc.integer({ min: 0, max: 100_000 }),
      // The European Central Bank has no rate of KPW, and none of RUB since 2022.
      currency: fc.constantFrom("USD", "EUR", "JPY", "KWD", "RUB"),
      money: fc.boolean(),
      amount: fc.option(fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constantFrom(0.1, 0.2, "7", "many", true)), {
        nil: undefined
      }),
      traits: fc.option(fc.dictionary(fc.constantFrom("plan", "seats"), fc.constantFrom("free", "pro", 3, 10, null)), {
        nil: undefined
      }),
      once: fc.option(fc.record({ plan: fc.constantFrom("trial", "gift") }), { nil: undefined })
    })
    .map((made): StoredEvent => {
      const isOrder = made.event_type === "order_completed" || made.event_type === "order_refunded"
      const hasTraits = made.event_type === "user_signed_up" || made.event_type === "profile_updated"
      return {
        v: 1,
        event_id: uuidOf(number),
        workspace,
        event_type: made.event_type,
        anonymous_id: made.anonymous_id,
        ...(made.user_id === undefined ? {} : { user_id: made.user_id }),
        ...(made.session_id === undefined ? {} : { session_id: made.session_id }),
        time: made.time,
        received_at: 1_800_000_000_000_000 + made.received,
        index: number % 3,
        timestamp: made.time,
        ...(made.path === undefined ? {} : { page: { url: "", path: made.path } }),
        ...(made.country === undefined ? {} : { geo: { country: made.country } }),
        ...(isOrder && made.money
          ? {
              money: {
                kind: made.event_type === "order_completed" ? ("order" as const) : ("refund" as const),
                order_id: made.order,
                ...(made.event_type === "order_refunded" ? { refund_id: made.refund } : {}),
                minor: made.minor,
                currency: made.currency
              }
            }
          : {}),
        ...(hasTraits && made.traits !== undefined ? { traits: made.traits } : {}),
        ...(hasTraits && made.once !== undefined ? { traits_once: made.once } : {}),
        properties: {
          ...(isOrder ? { order_id: made.order } : {}),
          ...(made.event_type === "order_refunded" ? { refund_id: made.refund } : {}),
          ...(made.amount === undefined ? {} : { amount: made.amount })
        }
      }
    })
}

/** A device that 20 or 21 users share: the last that links, the first that does not. */
const kiosk = (workspace: string, day: string, users: number): ReadonlyArray<StoredEvent> =>
  Array.from({ length: users === 0 ? 0 : users + 1 }, (_, at) => ({
    v: 1 as const,
    event_id: uuidOf(1000 + at),
    workspace,
    event_type: "page_view",
    anonymous_id: "kiosk",
    ...(at === users ? {} : { user_id: `guest ${at}` }),
    time: Date.parse(`${day}T12:00:00Z`) + (users - at) * halfHourMillis,
    received_at: 1_800_000_000_000_000,
    index: 0,
    timestamp: 0,
    properties: {}
  }))

const mergesOf = (...pairs: ReadonlyArray<readonly [string, string]>): ReadonlyMap<string, string> => new Map(pairs)

/** A log of up to 40 events and sometimes a shared device, with retries among them, and merges of users. */
export const history = (workspace: string): fc.Arbitrary<History> =>
  fc.constantFrom(...places).chain(([zone, day]) =>
    fc
      .tuple(
        fc
          .integer({ min: 0, max: 40 })
          .chain((length) => fc.tuple(...Array.from({ length }, (_, number) => eventOf(workspace, day, number)))),
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(20, 21) }),
        fc.constantFrom(
          mergesOf(),
          mergesOf(["u", "v"]),
          mergesOf(["u", "w"], ["v", "w"]),
          mergesOf(["a", "u"], ["guest 0", "v"])
        )
      )
      .chain(([made, retries, guests, merges]) => {
        const events = [...made, ...kiosk(workspace, day, guests)]
        // A retry is the same event, received later; what differs besides must not count.
        const again =
          events.length === 0
            ? []
            : retries.map((at) => ({ ...events[at % events.length]!, received_at: 1_800_000_000_000_009 }))
        return fc.record({
          zone: fc.constant(zone),
          day: fc.constant(day),
          merges: fc.constant(merges),
          log: fc.shuffledSubarray([...events, ...again], { minLength: events.length + again.length })
        })
      })
  )
