import type { Payment } from "../../lifetime/CustomerSummary.ts"
import { inOrder, ordersOf, personOf } from "./reference.ts"
import type { Event } from "./reference.ts"

export interface ReferenceLifetime {
  /** Interval of an event, counted from the first cohort's. */
  readonly interval: (event: Event) => number
  readonly cohorts: number
  readonly periods: number
  /** Minor units in the asked currency; none without a rate. */
  readonly convert: (event: Event) => bigint | undefined
  readonly merges: ReadonlyMap<string, string>
  /** Of a customer's first order. */
  readonly fits: (event: Event) => boolean
}

/** Who bought in which interval first, and all their orders and refunds: the rules in the plainest words. */
const accountsOf = (all: ReadonlyArray<Event>, { cohorts, fits, interval, merges }: ReferenceLifetime) => {
  const person = personOf(all, merges)
  const counted = ordersOf(all)
  const orders = counted.filter((event) => event.event_type === "order_completed")
  const refunds = counted.filter((event) => event.event_type === "order_refunded")
  const idOf = (event: Event) => event.money?.order_id ?? event.properties["order_id"]
  const ownerOf = (refund: Event) => person(orders.find((order) => idOf(order) === idOf(refund)) ?? refund)
  return [...new Set(orders.map(person))].flatMap((customer) => {
    const own = inOrder(orders.filter((order) => person(order) === customer))
    const cohort = interval(own[0]!)
    const back = refunds.filter((refund) => ownerOf(refund) === customer && interval(refund) >= 0)
    return cohort >= 0 && cohort < cohorts && fits(own[0]!) ? [{ customer, cohort, orders: own, refunds: back }] : []
  })
}

/** Of each cohort its customers, and what they brought up to the end of each period. */
export const lifetimes = (all: ReadonlyArray<Event>, how: ReferenceLifetime) => {
  const accounts = accountsOf(all, how)
  const sum = (events: ReadonlyArray<Event>) =>
    events.reduce((total, event) => total + (event.money === undefined ? 0n : (how.convert(event) ?? 0n)), 0n)
  return Array.from({ length: how.cohorts }, (_, cohort) => {
    const own = accounts.filter((account) => account.cohort === cohort)
    return {
      customers: own.length,
      periods: Array.from({ length: how.periods + 1 }, (__, period) => {
        const until = (events: ReadonlyArray<Event>) => events.filter((event) => how.interval(event) <= cohort + period)
        const orders = own.flatMap((account) => until(account.orders))
        const refunds = own.flatMap((account) => until(account.refunds))
        return { orders: orders.length, refunds: refunds.length, revenue: sum(orders), refunded: sum(refunds) }
      })
    }
  })
}

/** What the customers of the cohorts bought, for the plain summary of it. */
export const purchasesOf = (
  all: ReadonlyArray<Event>,
  how: ReferenceLifetime,
  day: (event: Event) => number
): ReadonlyArray<Payment> =>
  accountsOf(all, how).flatMap(({ cohort, customer, orders }) =>
    orders.map((order) => ({
      kind: "purchase" as const,
      customer: `${cohort} ${customer}`,
      day: day(order),
      amountMinor: order.money === undefined ? 0n : (how.convert(order) ?? 0n)
    }))
  )
