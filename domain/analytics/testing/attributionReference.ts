import type { AttributionModel } from "../../../ports/analytics/AttributionQuestion.ts"
import { inOrder } from "./arrivalOrder.ts"
import { ordersOf, personOf } from "./reference.ts"
import type { Event } from "./reference.ts"
import { sessionsOf, sourceOf, tellsSource } from "./sessionReference.ts"
import type { ReferenceLimits } from "./sessionReference.ts"

export interface ReferenceAttribution {
  readonly limits: ReferenceLimits
  readonly ownDomain: string
  readonly lookBackMillis: number
  readonly halfLifeMillis: number
  readonly keepDirect: boolean
  readonly dimension: "source" | "medium" | "campaign" | "landing_page"
  /** What is a conversion, unless orders are. */
  readonly selection?: ((event: Event) => boolean) | undefined
  readonly inRange: (event: Event) => boolean
  /** Whole units that the event is worth. */
  readonly worth: (event: Event) => bigint
}

interface Touch {
  readonly event: Event
  readonly direct: boolean
  readonly value: string | null
}

const clicks: Readonly<Record<string, string>> = { email_clicked: "email", banner_clicked: "banner" }

/** The one touch of a session, if it has one. */
const touchOf = (session: ReadonlyArray<Event>, { dimension, ownDomain }: ReferenceAttribution): Touch | undefined => {
  const isTouch = (event: Event) => tellsSource(event, ownDomain) || event.event_type in clicks
  const page = session.find((event) => event.event_type === "page_view")
  const event = session.find(isTouch) ?? page
  if (event === undefined) return undefined
  const direct = !isTouch(event)
  const value = {
    source: sourceOf(event, ownDomain) ?? clicks[event.event_type] ?? (tellsSource(event, ownDomain) ? null : "direct"),
    medium: event.campaign?.medium ?? clicks[event.event_type] ?? null,
    campaign: event.campaign?.campaign ?? null,
    landing_page: page?.page?.path ?? null
  }[dimension]
  return { event, direct, value }
}

/** Shares of one, as fractions of a common whole. */
export const referenceWeights = (
  model: AttributionModel,
  daysBefore: ReadonlyArray<number>,
  halfLifeDays: number
): ReadonlyArray<number> => {
  const count = daysBefore.length
  return daysBefore.map((days, at) => {
    switch (model) {
      case "first_touch":
        return at === 0 ? 1 : 0
      case "last_touch":
        return at === count - 1 ? 1 : 0
      case "linear":
        return 1
      case "position_based":
        if (count <= 2) return 1
        return at === 0 || at === count - 1 ? 2 * (count - 2) : 1
      case "time_decay":
        return 0.5 ** (days / halfLifeDays)
    }
  })
}

/** Rounded down, then one by one to the largest remainder. */
export const referenceShares = (units: bigint, weights: ReadonlyArray<number>): ReadonlyArray<bigint> => {
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  const amount = Number(units < 0n ? -units : units)
  const exact = weights.map((weight) => (amount * weight) / whole)
  const shares = exact.map(Math.floor)
  const rest = exact.map((share, at) => ({ at, rest: share - Math.floor(share) }))
  rest.sort((a, b) => (Math.abs(a.rest - b.rest) < 1e-9 ? a.at - b.at : b.rest - a.rest))
  let left = amount - shares.reduce((sum, share) => sum + share, 0)
  for (const { at } of rest) {
    if (left === 0) break
    shares[at]! += 1
    left -= 1
  }
  return shares.map((share) => (units < 0n ? -BigInt(share) : BigInt(share)))
}

const dayMillis = 86_400_000

/** Units by value, and `unattributed`, of what the touches of each conversion get, and who has such conversions. */
export const attributed = (
  all: ReadonlyArray<Event>,
  asked: ReferenceAttribution,
  model: AttributionModel,
  merges: ReadonlyMap<string, string>
) => {
  const person = personOf(all, merges)
  const touches = sessionsOf(all, asked.limits).flatMap((session) => touchOf(session, asked) ?? [])
  const order = new Map(inOrder(all).map((event, at) => [event, at]))
  const touchesOf = (conversion: Event): ReadonlyArray<Touch> => {
    const own = touches
      .filter(({ event }) => person(event) === person(conversion))
      .filter(({ event }) => event.time <= conversion.time && event.time >= conversion.time - asked.lookBackMillis)
      .toSorted((a, b) => order.get(a.event)! - order.get(b.event)!)
    const known = own.filter(({ direct }) => !direct)
    return asked.keepDirect || known.length === 0 ? own : known
  }
  const firsts = ordersOf(all)
  const idOf = (event: Event) => event.money?.order_id ?? event.properties["order_id"] ?? event.event_id
  const counted =
    asked.selection === undefined
      ? firsts.filter(asked.inRange)
      : all.filter((event) => asked.inRange(event) && asked.selection!(event))
  const credits = new Map<string, bigint>()
  const people = new Map<string, Set<string>>()
  let conversions = 0
  for (const event of counted) {
    const isRefund = asked.selection === undefined && event.event_type === "order_refunded"
    const conversion = isRefund
      ? firsts.find((each) => each.event_type === "order_completed" && idOf(each) === idOf(event))
      : event
    const own = conversion === undefined ? [] : touchesOf(conversion)
    if (!isRefund) {
      conversions += 1
      const keys = own.length === 0 ? ["unattributed"] : own.map(({ value }) => `value ${value}`)
      for (const key of ["all", ...keys]) people.set(key, (people.get(key) ?? new Set()).add(person(event)))
    }
    const units = isRefund ? -asked.worth(event) : asked.worth(event)
    const weights = referenceWeights(
      model,
      own.map((touch) => (conversion!.time - touch.event.time) / dayMillis),
      asked.halfLifeMillis / dayMillis
    )
    const shares = own.length === 0 ? [units] : referenceShares(units, weights)
    for (const [at, share] of shares.entries()) {
      const key = own.length === 0 ? "unattributed" : `value ${own[at]!.value}`
      credits.set(key, (credits.get(key) ?? 0n) + share)
    }
  }
  return { credits, conversions, people }
}
