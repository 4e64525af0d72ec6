import type { ExperimentMetricPlan, ExperimentPart, ExperimentPlan } from "../../ports/analytics/ExperimentPlan.ts"
import { filterText } from "./conditionText.ts"
import { dayAt, person } from "./experimentUnitsText.ts"
import { byTypes } from "./funnelText.ts"
import { quote } from "./literals.ts"
import { traitJoins, traitsOf } from "./traitText.ts"
import { ordersText, valueText } from "./trendText.ts"

type Source = "events" | "orders"
const sourceOf = ({ value }: ExperimentPart): Source => (value.kind === "revenue" ? "orders" : "events")

/** What is added up of an event that a part takes. */
const amountOf = ({ value }: ExperimentPart): string => {
  if (value.kind === "property") return valueText(value.name)
  return value.kind === "revenue" ? "e.amount::decimal(38, 0)" : "1"
}

const keyOf = (part: ExperimentPart): string => `${sourceOf(part)} ${filterText(part.filter)}`

/** Every part that a metric asks for: of a funnel all its steps. */
const partsOf = ({ denominator, funnel, part }: ExperimentMetricPlan): ReadonlyArray<ExperimentPart> => [
  ...(funnel === undefined
    ? [part]
    : funnel.steps.map((filter): ExperimentPart => ({ filter, value: { kind: "count" } }))),
  ...(denominator === undefined ? [] : [denominator])
]

/** Columns of `experiment_events`: `f0`, `f1`, … say which filters take an event, `v0`, `v1`, … what it adds. */
export interface EventColumns {
  readonly parts: ReadonlyArray<ExperimentPart>
  readonly amounts: ReadonlyArray<ExperimentPart>
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
    )
  }
}

/** Whether the part takes an event, of `experiment_events`. */
export const takenText = ({ parts }: EventColumns, part: ExperimentPart): string =>
  `f${parts.findIndex((each) => keyOf(each) === keyOf(part))}`

/** What the part adds of an event that it takes; null where the event has no such value. */
export const addedText = ({ amounts }: EventColumns, part: ExperimentPart): string =>
  part.value.kind === "count" ? "1" : `v${amounts.findIndex((each) => amountOf(each) === amountOf(part))}`

/** So long before the first exposures events are looked at. */
export const beforeMillisOf = ({ metrics }: ExperimentPlan): number =>
  Math.max(0, ...metrics.map(({ beforeMillis }) => beforeMillis))

const sourceText = (plan: ExperimentPlan, { amounts, parts }: EventColumns, source: Source): string => {
  const own = parts.filter((part) => sourceOf(part) === source).map(({ filter }) => filter)
  const before = beforeMillisOf(plan)
  const flags = parts.map((part, index) =>
    sourceOf(part) === source ? `${filterText(part.filter)} as f${index}` : `false as f${index}`
  )
  const values = amounts.map((part, index) =>
    sourceOf(part) === source ? `${amountOf(part)} as v${index}` : `null as v${index}`
  )
  return `select u.person, u.variant, u.several, u.day as entry, u.first_ms, e.time_ms - u.first_ms as after_ms,
  (case when e.time_ms < u.first_ms then -1 else ${dayAt(plan, "e.time_ms")} end)::smallint as day,
  ${[...flags, ...values].join(", ")}
from ${source === "orders" ? ordersText(plan.workspace, plan.conversions) : "store.events"} e
left join store.people p on p.subject = e.subject join experiment_units u on u.person = ${person}${traitJoins(plan.workspace, traitsOf({ kind: "and", filters: own }, []))}
where e.workspace = ${quote(plan.workspace)} and e.time_ms >= ${plan.fromMillis - before} and e.time_ms < ${plan.toMillis}
  and e.time_ms >= u.first_ms - ${before} and ${filterText(byTypes({ kind: "or", filters: unique(own, filterText) }))}`
}

/** What units did that any metric counts, one row an event, into `experiment_events`; day −1 is before the exposure. */
export const eventsText = (plan: ExperimentPlan, columns: EventColumns): string => {
  const sources = [...new Set(columns.parts.map(sourceOf))].toSorted()
  return `create or replace temp table experiment_events as
${sources.map((source) => sourceText(plan, columns, source)).join("\nunion all by name\n")}`
}

/** Units that did anything, be it nothing that a metric counts, in so long before their first exposure, into a table of its own. */
export const knownText = (
  plan: ExperimentPlan,
  beforeMillis: number
): string => `create or replace temp table ${knownTable(beforeMillis)} as
select distinct u.person from store.events e left join store.people p on p.subject = e.subject join experiment_units u on u.person = ${person}
where e.workspace = ${quote(plan.workspace)} and e.time_ms >= ${plan.fromMillis - beforeMillis} and e.time_ms < ${plan.toMillis}
  and e.time_ms < u.first_ms and e.time_ms >= u.first_ms - ${beforeMillis}`

export const knownTable = (beforeMillis: number): string => `experiment_known_${beforeMillis}`

/** The same events with the variants of units that are told apart further. */
export const partedEventsText = `create or replace temp table experiment_events as
select e.* replace (u.variant as variant) from experiment_events e join experiment_units u using (person)`
