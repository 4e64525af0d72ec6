import * as fc from "fast-check"
import { Effect } from "effect"
import { goals } from "../../../ports/analytics/Goal.ts"
import type { Goal, NewGoal } from "../../../ports/analytics/Goal.ts"
import type { GoalNumbers } from "../../../ports/analytics/GoalQuestion.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { wilsonInterval } from "../../statistics/wilson.ts"
import { amountOf } from "./reference.ts"
import type { Event } from "./reference.ts"
import { country } from "./selections.ts"

/** Goals over the events of `histories.ts`; few pages, so that patterns fit some and not others. */
export const newGoal: fc.Arbitrary<Omit<NewGoal, "name">> = fc.record(
  {
    on: fc.oneof(
      fc
        .constantFrom("/", "/*", "/**", "**team", "/pricing/*", "/P*g", "/[Pp]ricing", "/pricing.team", "*", "**/*/**")
        .map((page) => ({ page })),
      fc
        .constantFrom("page_view", "user_signed_up", "order_completed", "nobody_does")
        .map((event_type) => ({ event_type }))
    ),
    filters: fc.constantFrom<NonNullable<NewGoal["filters"]>>(
      { dimension: "country", operator: "is", value: "DE" },
      { not: { dimension: "country", operator: "is", value: "DE" } },
      { dimension: "property:amount", operator: "gt", value: 0 }
    ),
    value: fc.constantFrom<NonNullable<NewGoal["value"]>>(
      { kind: "fixed", amount: "2.50", currency: "EUR" },
      { kind: "fixed", amount: "7", currency: "JPY" },
      { kind: "property", property: "amount", currency: "USD" }
    )
  },
  { requiredKeys: ["on"] }
)

/** Keeps goals under the ids `goal-0`, `goal-1` and so on. */
export const storeGoals = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  made: ReadonlyArray<Omit<NewGoal, "name">>
) {
  const documents = yield* DocumentStore
  for (const [index, definition] of made.entries()) {
    const stamps = { created_at: index, created_by: "test", changed_at: 0, changed_by: "test" }
    const goal: Goal = { id: `goal-${index}`, name: `Goal ${index}`, ...definition, ...stamps }
    yield* documents.commit(workspace, {
      writes: [
        {
          kind: "put",
          collection: goals.name,
          id: goal.id,
          expected: "any",
          schema_version: 1,
          subjects: [],
          data: goal
        }
      ]
    })
  }
})

/** Whether the pattern, from `at` on, is the text: every way to read a wildcard is tried. */
export const fitsPattern = (pattern: string, text: string): boolean => {
  if (pattern === "") return text === ""
  if (pattern.startsWith("**")) {
    const rest = pattern.slice(2)
    return fitsPattern(rest, text) || (text !== "" && fitsPattern(pattern, text.slice(1)))
  }
  if (pattern.startsWith("*")) {
    const rest = pattern.slice(1)
    return fitsPattern(rest, text) || (text !== "" && !text.startsWith("/") && fitsPattern(pattern, text.slice(1)))
  }
  return text !== "" && text[0] === pattern[0] && fitsPattern(pattern.slice(1), text.slice(1))
}

const filterHolds = (filters: NonNullable<NewGoal["filters"]>, event: Event): boolean => {
  if ("not" in filters) return !filterHolds(filters.not, event)
  return "dimension" in filters && filters.dimension === "country"
    ? country(event) === "DE"
    : (amountOf(event) ?? 0) > 0
}

export const isConversion =
  ({ filters, on }: Omit<NewGoal, "name">) =>
  (event: Event): boolean =>
    ("page" in on
      ? event.event_type === "page_view" && event.page !== undefined && fitsPattern(on.page, event.page.path ?? "\n")
      : event.event_type === on.event_type) &&
    (filters === undefined || filterHolds(filters, event))

const twelve = (number: number): number => Number(number.toPrecision(12))

const valueOf = ({ value }: Omit<NewGoal, "name">, conversions: ReadonlyArray<Event>): GoalNumbers["value"] => {
  if (value === undefined || value.kind === "revenue") return null
  const { currency } = value
  const digits = currency === "JPY" ? 0 : 2
  const tenths = conversions.map((event) =>
    value.kind === "fixed" ? Number(value.amount) * 10 : Math.round((amountOf(event) ?? 0) * 10)
  )
  return { amount: (tenths.reduce((sum, each) => sum + each, 0) / 10).toFixed(digits), currency }
}

/** Of some events, those who came and those who converted. */
export const numbersOf = (
  events: ReadonlyArray<Event>,
  goal: Omit<NewGoal, "name">,
  person: (event: Event) => string
): GoalNumbers => {
  const own = events.filter(isConversion(goal))
  const [visitors, converters] = [new Set(events.map(person)).size, new Set(own.map(person)).size]
  const [low, high] = visitors === 0 ? [0, 0] : wilsonInterval(converters, visitors)
  return {
    visitors,
    small: visitors < 30,
    converters,
    conversions: own.length,
    rate: visitors === 0 ? null : twelve(converters / visitors),
    rate_interval: visitors === 0 ? null : [twelve(low), twelve(high)],
    value: valueOf(goal, own)
  }
}
