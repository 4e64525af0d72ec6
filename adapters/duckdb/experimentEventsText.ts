import type { ExperimentMetricPlan, ExperimentPart, ExperimentPlan } from "../../ports/analytics/ExperimentPlan.ts"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { filterText } from "./conditionText.ts"
import { dayAt } from "./experimentUnitsText.ts"
import { byTypes, codesText } from "./funnelText.ts"
import { quote } from "./literals.ts"
import { traitJoins, traitsOf } from "./traitText.ts"
import { ordersText, valueText } from "./trendText.ts"

type Source = "events" | "orders"
const sourceOf = ({ value }: ExperimentPart): Source => (value.kind === "revenue" ? "orders" : "events")

/** What is added up of an event that a part takes. */
const amountOf = ({ value }: ExperimentPart): string => {
  if (value.kind === "property") return `${valueText(value.name)}::double`
  return value.kind === "revenue" ? "e.amount::double" : "1"
}

const keyOf = (part: ExperimentPart): string => `${sourceOf(part)} ${filterText(part.filter)}`

/** Whether one walk along a unit's events tells whether it came through a metric's funnel. */
export const isWalked = ({ funnel }: ExperimentMetricPlan): boolean =>
  funnel !== undefined && funnel.order === "sequential" && funnel.exclusions.length === 0

/** The steps of a metric's funnel as parts; of one that is walked along with what all its events have in common. */
export const stepsOf = (metric: ExperimentMetricPlan): ReadonlyArray<ExperimentPart> => {
  const { filter: common, steps = [] } = metric.funnel ?? {}
  const both = (step: PlanFilter): PlanFilter =>
    common !== undefined && isWalked(metric) ? { kind: "and", filters: [common, step] } : step
  return steps.map((step) => ({ filter: both(step), value: { kind: "count" } }))
}

/** Every part that a metric asks for: of a funnel all its steps. */
const partsOf = (metric: ExperimentMetricPlan): ReadonlyArray<ExperimentPart> => [
  ...(metric.funnel === undefined ? [metric.part] : stepsOf(metric)),
  ...(metric.denominator === undefined ? [] : [metric.denominator])
]

/**
 * Columns of `experiment_events`: bits of the words `c0`, `c1`, … say which parts take an event, `v0`, `v1`, … what it adds;
 * of funnels that are walked along also what orders events of one instant.
 */
export interface EventColumns {
  readonly parts: ReadonlyArray<ExperimentPart>
  readonly amounts: ReadonlyArray<ExperimentPart>
  readonly ordered: boolean
  /** Of funnels that are walked along. */
  readonly steps: ReadonlyArray<ExperimentPart>
}

const unique = <A>(values: ReadonlyArray<A>, key: (value: A) => string): ReadonlyArray<A> => [
  ...new Map(values.map((value) => [key(value), value])).values()
]

/** Metrics that ask for the same share its columns. */
export const eventColumnsOf = ({ metrics }: ExperimentPlan): EventColumns => {
  const parts = metrics.flatMap(partsOf)
  return {
    parts: unique(parts, keyOf),
    amounts: unique(
      parts.filter(({ value }) => value.kind !== "count"),
      amountOf
    ),
    ordered: metrics.some(isWalked),
    steps: metrics.filter(isWalked).flatMap(stepsOf)
  }
}

/** Bits of a word. */
export const wordBits = 32
export const wordsOf = ({ parts }: EventColumns): number => Math.ceil(parts.length / wordBits)

/** By word, the bits of parts that are steps of funnels which are walked along. */
export const stepBits = (columns: EventColumns): ReadonlyArray<number> => {
  const steps = new Set(columns.steps.map((part) => partIndex(columns, part)))
  return Array.from({ length: wordsOf(columns) }, (_, word) =>
    [...steps]
      .filter((index) => Math.floor(index / wordBits) === word)
      .reduce((bits, index) => bits | (1 << (index % wordBits)), 0)
  )
}

/** The place of a part among those that are told apart. */
export const partIndex = ({ parts }: EventColumns, part: ExperimentPart): number =>
  parts.findIndex((each) => keyOf(each) === keyOf(part))

/** The place of what a part adds among the amounts; −1 where it is 1 of each event. */
export const amountIndex = ({ amounts }: EventColumns, part: ExperimentPart): number =>
  part.value.kind === "count" ? -1 : amounts.findIndex((each) => amountOf(each) === amountOf(part))

/** Whether the part takes an event, of `experiment_deeds`. */
export const takenText = (columns: EventColumns, part: ExperimentPart): string => `f${partIndex(columns, part)}`

/** What the part adds of an event that it takes; null where the event has no such value. */
export const addedText = (columns: EventColumns, part: ExperimentPart): string =>
  part.value.kind === "count" ? "1" : `v${amountIndex(columns, part)}`

/** So long before the first exposures events are looked at. */
export const beforeMillisOf = ({ metrics }: ExperimentPlan): number =>
  Math.max(0, ...metrics.map(({ beforeMillis }) => beforeMillis))

const wordText = ({ parts }: EventColumns, source: Source, word: number): string => {
  const own = parts.flatMap((part, index) =>
    Math.floor(index / wordBits) === word && sourceOf(part) === source ? [{ part, bit: index % wordBits }] : []
  )
  const text = codesText(
    own.map(({ part }) => part.filter),
    own.map(({ bit }) => bit)
  )
  return `(${own.length === 0 ? "0" : text})::uinteger as c${word}`
}

const sourceText = (plan: ExperimentPlan, columns: EventColumns, source: Source): string => {
  const own = columns.parts.filter((part) => sourceOf(part) === source).map(({ filter }) => filter)
  const words = Array.from({ length: wordsOf(columns) }, (_, word) => wordText(columns, source, word))
  const values = columns.amounts.map(
    (part, index) => `${sourceOf(part) === source ? amountOf(part) : "null::double"} as v${index}`
  )
  const traits = traitsOf({ kind: "and", filters: own }, [])
  const people = traits.length === 0 ? "" : " left join store.people p on p.subject = e.subject"
  return `select e.subject, e.time_ms, ${[...(columns.ordered ? ["e.received_us, e.idx"] : []), ...words, ...values].join(", ")}
  from ${source === "orders" ? ordersText(plan.workspace, plan.conversions) : "store.events"} e${people}${traitJoins(plan.workspace, traits)}
  where e.workspace = ${quote(plan.workspace)} and e.time_ms >= ${plan.fromMillis - beforeMillisOf(plan)} and e.time_ms < ${plan.toMillis}
    and ${filterText(byTypes({ kind: "or", filters: unique(own, filterText) }))}`
}

/** What units did that any metric counts, one row an event, into `experiment_events`. */
export const eventsText = (plan: ExperimentPlan, columns: EventColumns): string => {
  const sources = [...new Set(columns.parts.map(sourceOf))].toSorted()
  return `create or replace temp table experiment_events as
select s.unit, d.time_ms - s.first_ms as after_ms, d.* exclude (subject, time_ms)
from (
  ${sources.map((source) => sourceText(plan, columns, source)).join("\n  union all by name\n  ")}
) d join experiment_subjects s on s.subject = d.subject
where d.time_ms >= s.first_ms - ${beforeMillisOf(plan)}`
}

/** How long before its first exposure a unit did anything, be it nothing that a metric counts: one row an event. */
export const gapsText = (
  plan: ExperimentPlan,
  beforeMillis: number
): string => `select s.unit, (s.first_ms - e.time_ms)::uinteger as gap
from store.events e join experiment_subjects s on s.subject = e.subject
where e.workspace = ${quote(plan.workspace)} and e.time_ms >= ${plan.fromMillis - beforeMillis} and e.time_ms < ${plan.toMillis}
  and e.time_ms < s.first_ms and e.time_ms >= s.first_ms - ${beforeMillis}`

/** The same events with their units, as queries read them, into `experiment_deeds`; day −1 is before the exposure. */
export const deedsText = (plan: ExperimentPlan, columns: EventColumns): string => {
  const flags = columns.parts.map(
    (_, index) => `(c${Math.floor(index / wordBits)} & ${2 ** (index % wordBits)}) <> 0 as f${index}`
  )
  const values = columns.amounts.map((_, index) => `v${index}`)
  const day = dayAt(plan, "(u.first_ms + e.after_ms)")
  return `create or replace temp table experiment_deeds as
select u.person, u.variant, u.several, u.day as entry, u.first_ms, e.after_ms,
  (case when e.after_ms < 0 then -1 else ${day} end)::smallint as day, ${[...flags, ...values].join(", ")}
from experiment_events e join experiment_units u using (unit)`
}

/** The columns of events whose units lie in the range, for {@link EventColumns} and in its order; amounts without a value are 0. */
export const eventColumnsText = (columns: EventColumns, range: { readonly first: number; readonly end: number }) => {
  const words = Array.from({ length: wordsOf(columns) }, (_, word) => `c${word}`)
  const values = columns.amounts.map((_, index) => `coalesce(v${index}, 0) as v${index}`)
  const order = columns.ordered ? ["received_us::double as received_us", "idx"] : []
  return `select unit, after_ms::double as after_ms, ${[...words, ...values, ...order].join(", ")} from experiment_events
where unit >= ${range.first} and unit < ${range.end}`
}
