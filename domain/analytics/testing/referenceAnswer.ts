import type { Filter, Question } from "../../../ports/analytics/Question.ts"
import type { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import type { Belongs } from "./cohorts.ts"
import { amountOf, bucketOf, daysAfter, inOrder, numberOf, ordersOf, personOf, traitOf } from "./reference.ts"
import type { Event, Interval } from "./reference.ts"
import { sessionsOf } from "./sessionReference.ts"

/** What a question is answered over. */
export interface Facts {
  /** Without duplicates. */
  readonly events: ReadonlyArray<Event>
  readonly merges: ReadonlyMap<string, string>
  readonly rates: ExchangeRates["Service"]
  readonly belongs: Belongs
}

type Metrics = Readonly<Record<string, number | string | null>>
type Values = ReadonlyArray<string | null>

export interface ReferenceAnswer {
  readonly buckets: ReadonlyArray<string>
  readonly totals: Metrics
  readonly series: ReadonlyArray<Metrics>
  readonly rows: ReadonlyArray<{
    readonly values: Values
    readonly metrics: Metrics
    readonly series: ReadonlyArray<Metrics>
  }>
  readonly other: { readonly metrics: Metrics; readonly series: ReadonlyArray<Metrics> } | undefined
  readonly more: boolean
}

const digitsOf: Readonly<Record<string, number>> = { USD: 2, EUR: 2, JPY: 0, KWD: 3, RUB: 2 }
const quarterMillis = 900_000
/** Half an hour idle, a day at the most. */
const usualLimits = { idleMillis: 1_800_000, maximumMillis: 86_400_000 }

const decimal = (minor: bigint, digits: number): string => {
  const text = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, "0")
  const sign = minor < 0n ? "-" : ""
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/** Minor units in the currency, by the two euro rates in force on the event's day in UTC, half up; none without a rate. */
export const converted = (event: Event, currency: string, rates: ExchangeRates["Service"]): bigint | undefined => {
  const money = event.money!
  if (money.currency === currency) return BigInt(money.minor)
  const day = new Date(event.time).toISOString().slice(0, 10)
  const [from, into] = [rates.euroRate(money.currency, day), rates.euroRate(currency, day)]
  if (from === undefined || into === undefined) return undefined
  const numerator = BigInt(money.minor) * 10n ** BigInt(digitsOf[currency]!) * into.numerator * from.denominator
  const denominator = 10n ** BigInt(digitsOf[money.currency]!) * into.denominator * from.numerator
  const whole = numerator / denominator
  return 2n * (numerator - whole * denominator) >= denominator ? whole + 1n : whole
}

const textOf = (value: unknown): string | null =>
  value === undefined || value === null ? null : typeof value === "string" ? value : JSON.stringify(value)

/** The text of a dimension of one event, `null` where it has none. */
const dimensionOf = (question: Question, { belongs, events, merges }: Facts) => {
  const person = personOf(events, merges)
  const byPerson = Map.groupBy(events, person)
  const order = new Map(inOrder(events).map((event, at) => [event, at]))
  return (name: string, event: Event): string | null => {
    if (name.startsWith("cohort:"))
      return (
        name
          .slice("cohort:".length)
          .split("|")
          .find((cohort) => belongs(cohort, event)) ?? null
      )
    if (name.startsWith("property:")) return textOf(event.properties[name.slice("property:".length)])
    if (name.startsWith("trait:")) {
      const own = byPerson.get(person(event)) ?? []
      const seen = question.as_of === "event" ? own.filter((each) => order.get(each)! <= order.get(event)!) : own
      return textOf(traitOf(seen, name.slice("trait:".length)))
    }
    return textOf(
      { country: event.geo?.country, path: event.page?.path, event_type: event.event_type, user_id: event.user_id }[
        name
      ]
    )
  }
}

const holds = (
  filter: Filter,
  textFor: (dimension: string) => string | null,
  isMember: (cohort: string) => boolean
): boolean => {
  if ("and" in filter) return filter.and.every((each) => holds(each, textFor, isMember))
  if ("or" in filter) return filter.or.some((each) => holds(each, textFor, isMember))
  if ("not" in filter) return !holds(filter.not, textFor, isMember)
  if ("cohort" in filter) return isMember(filter.cohort) === (filter.operator === "is_member")
  if ("goal" in filter) throw new Error("questions of the reference name no goals")
  const text = textFor(filter.dimension)
  const value = filter.value
  const contains = text !== null && text.toLowerCase().includes(String(value).toLowerCase())
  const compare = (test: (number: number) => boolean) => {
    const number = numberOf(text)
    return number !== undefined && test(number)
  }
  switch (filter.operator) {
    case "is":
      return text === String(value)
    case "is_not":
      return text !== String(value)
    case "one_of":
      return text !== null && (value as ReadonlyArray<unknown>).map(String).includes(text)
    case "contains":
      return contains
    case "not_contains":
      return !contains
    case "is_set":
      return text !== null
    case "is_not_set":
      return text === null
    case "gt":
      return compare((number) => number > (value as number))
    case "gte":
      return compare((number) => number >= (value as number))
    default:
      return compare((number) => (filter.operator === "lt" ? number < (value as number) : number <= (value as number)))
  }
}

const twelve = (number: number): number => Number(number.toPrecision(12))

/** The metrics of some events, of which `orders` are the first of their order or refund. */
const measure = (
  question: Question,
  own: ReadonlyArray<Event>,
  orders: ReadonlySet<Event>,
  person: (event: Event) => string,
  sessions: ReadonlyMap<Event, number>,
  rates: Facts["rates"]
): Metrics => {
  const first = own.filter((event) => orders.has(event))
  // Billionths, so that sums are exact here too.
  const amounts = own.flatMap((event) => amountOf(event) ?? [])
  const sum = amounts.reduce((total, amount) => total + BigInt(Math.round(amount * 1e9)), 0n)
  const currency = question.currency!
  const revenue = first
    .filter((event) => event.money !== undefined)
    .reduce((total, event) => {
      const minor = converted(event, currency, rates) ?? 0n
      return event.event_type === "order_refunded" ? total - minor : total + minor
    }, 0n)
  const completed = first
    .filter((event) => event.event_type === "order_completed" && event.money !== undefined)
    .flatMap((event) => converted(event, currency, rates) ?? [])
  const [whole, orders2] = [completed.reduce((total, minor) => total + minor, 0n), 2n * BigInt(completed.length)]
  const all: Metrics = {
    average_order_value:
      completed.length === 0 ? null : decimal((2n * whole + orders2 / 2n) / orders2, digitsOf[currency]!),
    events: own.length,
    people: new Set(own.map(person)).size,
    sessions: new Set(own.map((event) => sessions.get(event))).size,
    orders: first.filter((event) => event.event_type === "order_completed").length,
    revenue: decimal(revenue, digitsOf[currency]!),
    "sum:amount": Number(sum) / 1e9,
    "average:amount": amounts.length === 0 ? null : twelve(Number(sum) / 1e9 / amounts.length),
    "minimum:amount": amounts.length === 0 ? null : Math.min(...amounts),
    "maximum:amount": amounts.length === 0 ? null : Math.max(...amounts)
  }
  return Object.fromEntries(question.metrics.map((name) => [name, all[name]!]))
}

const compareTexts = (a: string | null, b: string | null): number =>
  a === b ? 0 : a === null ? -1 : b === null ? 1 : a < b ? -1 : 1

/** The groups in the asked order; groups without a value of the metric come last. */
const inAskedOrder = (question: Question, groups: ReadonlyMap<string, Metrics>): ReadonlyArray<string> => {
  const { direction, metric } = question.order_by!
  const valueOf = (group: string) => {
    const value = groups.get(group)![metric]
    return value === null || value === undefined ? undefined : Number(value)
  }
  return [...groups.keys()].toSorted((a, b) => {
    const [left, right] = [valueOf(a), valueOf(b)]
    if (left !== right) {
      if (left === undefined) return 1
      if (right === undefined) return -1
      return direction === "ascending" ? left - right : right - left
    }
    const [ofA, ofB] = [JSON.parse(a) as Values, JSON.parse(b) as Values]
    return ofA.map((text, at) => compareTexts(text, ofB[at]!)).find((order) => order !== 0) ?? 0
  })
}

/** Days from the first to the last one. */
const daysOf = ({ from, to }: Question["date_range"]): number =>
  (Date.parse(`${daysAfter(to, 1)}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000

/** The range right before: the month before a whole month, else as many days. */
export const rangeBefore = (range: Question["date_range"]): Question["date_range"] => {
  const to = daysAfter(range.from, -1)
  const isMonth = range.from.endsWith("-01") && daysAfter(range.to, 1).endsWith("-01")
  return { from: isMonth ? `${to.slice(0, 8)}01` : daysAfter(range.from, -daysOf(range)), to }
}

/** The question's answer, counted one by one. `groups` are those to show where another answer has chosen them. */
export const referenceAnswer = (question: Question, facts: Facts, groups?: ReadonlyArray<Values>): ReferenceAnswer => {
  const zone = question.time_zone!
  const { from, to } = question.date_range
  const { limit, offset = 0 } = question.pagination!
  const person = personOf(facts.events, facts.merges)
  const dimension = dimensionOf(question, facts)
  const firsts = new Set(ordersOf(facts.events))
  const sessions = new Map(
    sessionsOf(facts.events, usualLimits).flatMap((events, at) => events.map((event) => [event, at] as const))
  )
  const own = facts.events.filter((event) => {
    const day = bucketOf(zone, "day", event.time)
    if (day < from || day > to) return false
    if ((question.event_types ?? []).length > 0 && !question.event_types!.includes(event.event_type)) return false
    const isMember = (cohort: string) => facts.belongs(cohort, event)
    return question.filters === undefined || holds(question.filters, (name) => dimension(name, event), isMember)
  })
  const interval = question.interval as Interval | undefined
  const buckets = interval === undefined ? [] : bucketsOf(zone, interval, from, to)
  const measured = (events: ReadonlyArray<Event>) => measure(question, events, firsts, person, sessions, facts.rates)
  const seriesOf = (events: ReadonlyArray<Event>) => {
    const inBucket = Map.groupBy(events, (event) =>
      interval === undefined ? "" : bucketOf(zone, interval, event.time)
    )
    return buckets.map((bucket) => measured(inBucket.get(bucket) ?? []))
  }
  const dimensions = question.dimensions ?? []
  const groupOf = (event: Event) => JSON.stringify(dimensions.map((name) => dimension(name, event)))
  const onlyOrders = question.metrics.every((name) => ["orders", "revenue", "average_order_value"].includes(name))
  const grouped = Map.groupBy(onlyOrders ? own.filter((event) => firsts.has(event)) : own, groupOf)
  const ordered = inAskedOrder(question, new Map([...grouped].map(([group, events]) => [group, measured(events)])))
  const shown =
    dimensions.length === 0
      ? []
      : (groups?.map((values) => JSON.stringify(values)) ?? ordered.slice(offset, offset + limit))
  const rest = own.filter((event) => grouped.has(groupOf(event)) && !shown.includes(groupOf(event)))
  return {
    buckets,
    totals: measured(own),
    series: seriesOf(own),
    rows: shown.map((group) => {
      const events = own.filter((event) => groupOf(event) === group)
      return { values: JSON.parse(group) as Values, metrics: measured(events), series: seriesOf(events) }
    }),
    other:
      dimensions.length === 0 || rest.length === 0 || offset > 0
        ? undefined
        : { metrics: measured(rest), series: seriesOf(rest) },
    more: groups === undefined && dimensions.length > 0 && ordered.length > offset + limit
  }
}

/** Every hour, day, week or month that clocks show on the days, one after the other. */
const bucketsOf = (zone: string, interval: Interval, from: string, to: string): ReadonlyArray<string> => {
  const [start, end] = [Date.parse(`${daysAfter(from, -1)}T00:00:00Z`), Date.parse(`${daysAfter(to, 2)}T00:00:00Z`)]
  const shown = new Set<string>()
  for (let millis = start; millis < end; millis += quarterMillis) {
    const day = bucketOf(zone, "day", millis)
    if (day >= from && day <= to) shown.add(bucketOf(zone, interval, millis))
  }
  return [...shown]
}
