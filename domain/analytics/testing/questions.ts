import * as fc from "fast-check"
import type { Filter, Question } from "../../../ports/analytics/Question.ts"
import { addDays, formatDay, parseDay } from "../../zones/zones.ts"
import { rangeDays } from "./histories.ts"

const metrics = [
  "events",
  "people",
  "sessions",
  "orders",
  "revenue",
  "average_order_value",
  "sum:amount",
  "average:amount",
  "minimum:amount",
  "maximum:amount"
]
const dimensions = [
  "country",
  "path",
  "event_type",
  "user_id",
  "property:amount",
  "trait:plan",
  "trait:seats",
  "cohort:list",
  "cohort:buyers|list"
]

const conditions: ReadonlyArray<Filter> = [
  { dimension: "country", operator: "is", value: "DE" },
  { dimension: "country", operator: "is_not", value: "FR" },
  { dimension: "country", operator: "one_of", value: ["DE", "US"] },
  { dimension: "country", operator: "is_not_set" },
  { dimension: "path", operator: "contains", value: "PRICING" },
  { dimension: "path", operator: "not_contains", value: "team" },
  { dimension: "event_type", operator: "is", value: "order_completed" },
  { dimension: "user_id", operator: "is_set" },
  { dimension: "property:amount", operator: "gt", value: 0 },
  { dimension: "property:amount", operator: "lte", value: 10.5 },
  { dimension: "property:amount", operator: "is", value: 7 },
  { dimension: "property:amount", operator: "is", value: true },
  { dimension: "trait:plan", operator: "is", value: "pro" },
  { dimension: "trait:plan", operator: "one_of", value: ["trial", "free", 3] },
  { dimension: "trait:plan", operator: "is_set" },
  { dimension: "trait:seats", operator: "gte", value: 10 },
  { cohort: "list", operator: "is_member" },
  { cohort: "buyers", operator: "is_member" },
  { cohort: "buyers", operator: "is_not_member" }
]

const filter: fc.Arbitrary<Filter> = fc.letrec<{ readonly filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...conditions),
    fc.array(tie("filter"), { maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie("filter"), { maxLength: 3 }).map((or) => ({ or })),
    tie("filter").map((not) => ({ not }))
  )
})).filter

/** The days of the history, its whole month, or one day. */
const ranges = (day: string) => {
  const first = parseDay(day)!
  const month = { ...first, day: 1 }
  const monthEnd = addDays(
    first.month === 12 ? { year: first.year + 1, month: 1, day: 1 } : { ...month, month: first.month + 1 },
    -1
  )
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant({ from: day, to: formatDay(addDays(first, rangeDays - 1)) }) },
    { weight: 1, arbitrary: fc.constant({ from: formatDay(month), to: formatDay(monthEnd) }) },
    { weight: 1, arbitrary: fc.constant({ from: day, to: day }) }
  )
}

const halfTheTime = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })

/** A question about a history of that day: every part of the grammar, and every part left out. */
export const questionAbout = (day: string, zone: string): fc.Arbitrary<Question> =>
  fc
    .record({
      date_range: ranges(day),
      metrics: fc.shuffledSubarray(metrics, { minLength: 1 }),
      interval: halfTheTime(fc.constantFrom("hour" as const, "day" as const, "week" as const, "month" as const)),
      compare: fc.option(fc.constant("previous_period" as const), { nil: undefined, freq: 2 }),
      event_types: halfTheTime(
        fc.shuffledSubarray(["page_view", "order_completed", "order_refunded", "profile_updated"])
      ),
      dimensions: fc.shuffledSubarray(dimensions, { maxLength: 2 }),
      filters: halfTheTime(filter),
      as_of: halfTheTime(fc.constantFrom("today" as const, "event" as const)),
      currency: fc.constantFrom("USD", "EUR", "JPY"),
      order: fc.record({ at: fc.nat(), direction: fc.constantFrom("ascending" as const, "descending" as const) }),
      limit: fc.integer({ min: 1, max: 6 }),
      offset: fc.oneof(
        { weight: 4, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) }
      )
    })
    .map(({ limit, offset, order, ...asked }): Question => {
      const set = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
      return {
        ...(set as unknown as Question),
        time_zone: zone,
        order_by: { metric: asked.metrics[order.at % asked.metrics.length]!, direction: order.direction },
        pagination: { limit, offset }
      }
    })
