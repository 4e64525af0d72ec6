import * as fc from "fast-check"
import type { StoredEvent } from "../../../ports/analytics/StoredEvent.ts"

export interface History {
  readonly zone: string
  /** Lines in the order of the log, duplicates among them. */
  readonly log: ReadonlyArray<StoredEvent>
  readonly merges: ReadonlyMap<string, string>
}

/** Zones with days around a change of clocks, both ways, and one without. */
const places: ReadonlyArray<readonly [zone: string, day: string]> = [
  ["Europe/Berlin", "2026-03-29"],
  ["Europe/Berlin", "2026-10-25"],
  ["America/New_York", "2026-03-08"],
  ["Australia/Lord_Howe", "2026-04-05"],
  ["Asia/Kolkata", "2026-01-01"]
]
export const rangeDays = 3
const dayMillis = 86_400_000

const uuidOf = (number: number) => `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`

/** Few people, devices, sessions and orders, so that everything that can meet does meet. */
const eventOf = (workspace: string, day: string, number: number) => {
  const start = Date.parse(`${day}T00:00:00Z`)
  return fc
    .record({
      event_type: fc.constantFrom("page_view", "user_signed_up", "order_completed", "order_refunded"),
      anonymous_id: fc.constantFrom("a", "b", "c", "d", "null", "server"),
      user_id: fc.option(fc.constantFrom("u", "v", "w", "a", " Null ", "0"), { nil: undefined }),
      session_id: fc.option(fc.constantFrom("s", "t"), { nil: undefined }),
      // Whole and half hours, so that equal times and borders of days are common.
      time: fc.integer({ min: -2 * 24, max: (rangeDays + 2) * 48 }).map((half) => start - dayMillis + half * 1_800_000),
      received: fc.integer({ min: 0, max: 3 }),
      country: fc.option(fc.constantFrom("DE", "FR", "US"), { nil: undefined }),
      order: fc.constantFrom("o1", "o2", "o3"),
      refund: fc.constantFrom("r1", "r2"),
      minor: fc.integer({ min: 0, max: 100_000 }),
      currency: fc.constantFrom("USD", "EUR", "JPY"),
      money: fc.boolean(),
      amount: fc.option(fc.integer({ min: -50, max: 50 }), { nil: undefined })
    })
    .map((made): StoredEvent => {
      const isOrder = made.event_type === "order_completed" || made.event_type === "order_refunded"
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
        properties: {
          ...(isOrder ? { order_id: made.order } : {}),
          ...(made.event_type === "order_refunded" ? { refund_id: made.refund } : {}),
          ...(made.amount === undefined ? {} : { amount: made.amount })
        }
      }
    })
}

/** A log of up to 40 events with retries among them, and merges of users, in a workspace of its own. */
export const history = (workspace: string): fc.Arbitrary<History & { readonly day: string }> =>
  fc.constantFrom(...places).chain(([zone, day]) =>
    fc
      .tuple(
        fc
          .integer({ min: 0, max: 40 })
          .chain((length) => fc.tuple(...Array.from({ length }, (_, number) => eventOf(workspace, day, number)))),
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.constantFrom<ReadonlyMap<string, string>>(
          new Map(),
          new Map([["u", "v"]]),
          new Map([
            ["u", "w"],
            ["v", "w"]
          ])
        )
      )
      .chain(([events, retries, merges]) => {
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
