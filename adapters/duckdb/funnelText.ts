import type { FunnelPlan } from "../../ports/analytics/FunnelPlan.ts"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { fieldText, filterText, unset } from "./conditionText.ts"
import { eventColumnsText, shareText } from "./eventColumns.ts"
import type { PeopleShare } from "./eventColumns.ts"
import { quote } from "./literals.ts"
import { traitJoins, traitsOf, unitConditions, unitText } from "./traitText.ts"

const all = (filters: ReadonlyArray<PlanFilter>): PlanFilter => ({ kind: "and", filters })

const stepIndexes = (plan: FunnelPlan): ReadonlyArray<number> => plan.steps.map((_, index) => index)

const counts = (flag: string, name: string): string =>
  `count(*) filter (${flag}) over (partition by unit order by t, received_us, idx, event_id rows unbounded preceding) as ${name}`

/** How many events of a step, or of an exclusion, a person has up to each event: the next is the one that counts one more. */
const countsText = ({ exclusions, order, steps }: FunnelPlan): string =>
  [
    ...(order === "sequential" ? steps.slice(1).map((_, index) => counts(`s${index + 1}`, `c${index + 1}`)) : []),
    ...exclusions.map((_, index) => counts(`x${index}`, `d${index}`))
  ]
    .map((text) => `${text}, `)
    .join("")

/** Counts that an attempt keeps of its event of a step, to find what comes next. */
const keptCounts = ({ exclusions, order, steps }: FunnelPlan, step: number): ReadonlyArray<string> => [
  ...(order === "sequential" && step + 1 < steps.length ? [`c${step + 1}`] : []),
  ...exclusions.flatMap(({ after }, index) => (after === step ? [`d${index}`] : []))
]

const conditionsText = (plan: FunnelPlan, matters: PlanFilter): ReadonlyArray<string> => [
  `e.workspace = ${quote(plan.workspace)}`,
  `e.time_ms >= ${plan.fromMillis}`,
  `e.time_ms < ${plan.toMillis + plan.windowMillis}`,
  ...unitConditions(plan.accountType),
  ...(plan.filter === undefined ? [] : [filterText(plan.filter)]),
  ...(plan.order === "strict" ? [] : [filterText(matters)])
]

/**
 * The events that matter, of those people whose hash falls into the share: the steps that each fits as bits, with a
 * breakdown its value.
 */
export const funnelColumnsText = (plan: FunnelPlan, share: PeopleShare): string => {
  const { accountType, breakdown, filter, steps, workspace } = plan
  const unit = unitText(accountType)
  const matters = { kind: "or", filters: steps } as const
  const traits = traitsOf(
    all([...(filter === undefined ? [] : [filter]), matters]),
    breakdown === undefined ? [] : [breakdown]
  )
  const conditions = [...conditionsText(plan, byTypes(matters)), ...shareText(share, unit)]
  const group = breakdown === undefined ? "" : `,\n  coalesce(${fieldText(breakdown)}, '${unset}') as g`
  return `select ${eventColumnsText(unit)}, (${codesText(steps)})::uinteger as code${group}
from store.events e left join store.people p on p.subject = e.subject${traitJoins(workspace, traits, accountType)}
where ${conditions.join(" and ")}`
}

/** The same condition as one comparison of types, where types alone decide. */
export const byTypes = (filter: PlanFilter & { readonly kind: "or" }): PlanFilter => {
  const types = filter.filters.map(typesOf)
  return types.includes(undefined) ? filter : isOneOf(types.flatMap((each) => each ?? []))
}

const isOneOf = (types: ReadonlyArray<string>): PlanFilter => ({
  kind: "one_of",
  field: { kind: "column", column: "event_type" },
  values: [...new Set(types)]
})

/** The types of events that fit, where nothing else decides. */
const typesOf = (filter: PlanFilter): ReadonlyArray<string> | undefined => {
  if (filter.kind === "and" && filter.filters.length === 1) return typesOf(filter.filters[0]!)
  if (filter.kind !== "one_of" || filter.caseless === true) return undefined
  const { field, values } = filter
  return field.kind === "column" && field.column === "event_type" ? values : undefined
}

/** A bit for each step that an event fits, its place unless others are given; where types alone decide, each is compared once. */
export const codesText = (
  steps: ReadonlyArray<PlanFilter>,
  bits: ReadonlyArray<number> = [...steps.keys()]
): string => {
  const types = steps.map(typesOf)
  if (types.includes(undefined))
    return steps.map((step, index) => `case when ${filterText(step)} then ${2 ** bits[index]!} else 0 end`).join(" + ")
  const codeOf = (type: string) =>
    types.reduce((code, each, index) => (each?.includes(type) === true ? code + 2 ** bits[index]! : code), 0)
  const cases = [...new Set(types.flatMap((each) => each ?? []))].map(
    (type) => `when ${quote(type)} then ${codeOf(type)}`
  )
  return cases.length === 0 ? "0" : `case e.event_type ${cases.join(" ")} else 0 end`
}

/** Whose events, and which of them; an attempt stays within one part of its person's events. */
interface Among {
  readonly join: string
  readonly conditions: ReadonlyArray<string>
  readonly part: string | undefined
}
const everybody: Among = { join: "", conditions: [], part: undefined }

/**
 * The events that matter, numbered in arrival order by person, into `funnel_events`: `s0`, `s1`, … say which steps each
 * fits, `x0`, … which exclusions. Where every other event stands in between (`strict`), all of them matter.
 */
export const funnelEventsText = (plan: FunnelPlan, among: Among = everybody): string => {
  const { accountType, breakdown, exclusions, filter, steps, workspace } = plan
  const common = filter === undefined ? [] : [filter]
  const matters = { kind: "or", filters: [...steps, ...exclusions.map((each) => each.filter)] } as const
  const traits = traitsOf(all([...common, matters]), breakdown === undefined ? [] : [breakdown])
  const group = breakdown === undefined ? "''" : `coalesce(${fieldText(breakdown)}, '${unset}')`
  const flags = [
    ...(among.part === undefined ? [] : [`${among.part} as part`]),
    ...steps.map((step, index) => `${filterText(step)} as s${index}`),
    ...exclusions.map((each, index) => `${filterText(each.filter)} as x${index}`)
  ]
  return `create or replace temp table funnel_events as
with chosen as (
  select ${unitText(accountType)} as person, ${group} as g, e.time_ms as t, e.received_us, e.idx, e.event_id, ${flags.join(", ")}
  from store.events e left join store.people p on p.subject = e.subject${among.join}${traitJoins(workspace, traits, accountType)}
  where ${[...conditionsText(plan, byTypes(matters)), ...among.conditions].join(" and ")}
)
select person, ${among.part !== undefined ? "person::varchar || part" : plan.breakdownAt === "all" ? "person::varchar || chr(31) || g" : "person"} as unit, g, t, row_number() over (
  partition by unit order by t, received_us, idx, event_id) as n, ${countsText(plan)}chosen.* exclude (person, g, t, received_us, idx, event_id)
from chosen`
}

const reached = (step: number, windowMillis: number, name: string): string =>
  `case when b.t - a.t0 <= ${windowMillis} then b.${name} end as ${name}${step}`

/** Attempts from `a` with their event of `step` beside. */
const nextStep = (plan: FunnelPlan, step: number): string => {
  const kept = keptCounts(plan, step)
  const columns = [
    ...["n", "t", "g"].map((name) => reached(step, plan.windowMillis, name)),
    ...kept.map((name) => `b.${name} as ${name}`)
  ].join(", ")
  const within = plan.order === "sequential" ? `, c${step} as place` : ""
  const candidates = `(select unit, n, t, g${kept.map((name) => `, ${name}`).join("")}${within} from funnel_events where s${step})`
  return plan.order === "strict"
    ? `select a.*, ${columns} from a${step - 1} a left join ${candidates} b on b.unit = a.unit and b.n = a.n${step - 1} + 1`
    : `select a.* exclude (c${step}), ${columns} from a${step - 1} a left join ${candidates} b on b.unit = a.unit and b.place = case when a.n${step - 1} is not null then a.c${step} + 1 end`
}

/**
 * Where attempts begin. Without exclusions, of those with the same second event before them only the latest can be the
 * best: it has the longest window left, and all else in common. Of those that come no further, the earliest is.
 */
const startsText = (plan: FunnelPlan): string => {
  const starts = `from funnel_events where s0 and t >= ${plan.fromMillis} and t < ${plan.toMillis}`
  if (plan.exclusions.length > 0 || plan.order === "strict") {
    const kept = keptCounts(plan, 0).map((name) => `, ${name}`)
    return `select unit, person, n as n0, t as t0, g as g0${kept.join("")} ${starts}`
  }
  const group = (pick: "arg_min" | "arg_max") => (plan.breakdown === undefined ? "''" : `${pick}(g, n)`)
  return `select unit, person, max(n) as n0, max(t) as t0, ${group("arg_max")} as g0, c1 ${starts} group by unit, person, c1
  union all
  select unit, person, min(n), min(t), ${group("arg_min")}, min(c1) ${starts} group by unit, person`
}

/** Attempts in the listed order, as a chain of tables `a0`, `a1`, … */
const orderedAttempts = (plan: FunnelPlan): string => {
  const rest = stepIndexes(plan)
    .slice(1)
    .map((step) => `a${step} as (${nextStep(plan, step)})`)
  return `with ${[`a0 as (${startsText(plan)})`, ...rest].join(",\n")}\nselect * from a${plan.steps.length - 1}`
}

/** Attempts in any order: an event serves the first step that it fits; equal steps need as many events. */
const unorderedAttempts = (plan: FunnelPlan): string => {
  const { fromMillis, toMillis, windowMillis } = plan
  const texts = plan.steps.map(filterText)
  const kinds = [...new Set(texts)]
  const kindOf = kinds.map((text, kind) => `when s${texts.indexOf(text)} then ${kind}`).join(" ")
  const slots = texts.map((text, index) => ({
    kind: kinds.indexOf(text),
    place: texts.slice(0, index).filter((other) => other === text).length
  }))
  const slotText = ({ kind, place }: (typeof slots)[number], index: number) =>
    `left join ranked b${index} on b${index}.unit = a.unit and b${index}.kind = ${kind} and b${index}.rank = a.before${kind} + ${place + 1} and b${index}.t - a.t <= ${windowMillis}`
  const taken = slots.map(
    (_, index) =>
      `case when b${index}.n is not null then struct_pack(n := b${index}.n, t := b${index}.t, g := b${index}.g) end`
  )
  const columns = stepIndexes(plan).flatMap((step) =>
    ["n", "t", "g"].map((name) => `taken[${step + 1}].${name} as ${name}${step}`)
  )
  return `with kinds as (
  select unit, person, n, t, g, case ${kindOf} end as kind from funnel_events
), ranked as materialized (
  select *, row_number() over (partition by unit, kind order by n) as rank,
    ${kinds.map((_, kind) => `count(*) filter (kind = ${kind}) over (partition by unit order by n rows unbounded preceding) - (kind = ${kind})::integer as before${kind}`).join(", ")}
  from kinds
), attempts as (
  select a.unit, a.person, list_sort(list_filter([${taken.join(", ")}], lambda x: x is not null)) as taken
  from ranked a ${slots.map(slotText).join("\n  ")}
  where a.t >= ${fromMillis} and a.t < ${toMillis}
)
select unit, person, ${columns.join(", ")} from attempts`
}

/** Every attempt that can be the best of its person, into `funnel_attempts`. */
export const funnelAttemptsText = (plan: FunnelPlan): string =>
  `create or replace temp table funnel_attempts as\n${plan.order === "any" ? unorderedAttempts(plan) : orderedAttempts(plan)}`

/** The attempt of each person (with `all`: and value) that counts, into `funnel_best`. */
export const funnelBestText = (plan: FunnelPlan): string => {
  const { exclusions, windowMillis } = plan
  const steps = stepIndexes(plan)
  const furthest = steps.map((step) => `(n${step} is not null)::integer`).join(" + ")
  const last = `coalesce(${steps
    .toReversed()
    .map((step) => `n${step}`)
    .join(", ")})`
  const killed = exclusions.map(
    ({ before }, index) =>
      `(x${index}.n is not null and x${index}.t - a.t0 <= ${windowMillis} and (a.n${before} is null or x${index}.n < a.n${before}))`
  )
  const joins = exclusions.map(
    ({ after }, index) =>
      `left join (select unit, n, t, d${index} from funnel_events where x${index}) x${index} on x${index}.unit = a.unit and x${index}.d${index} = case when a.n${after} is not null then a.d${index} + 1 end`
  )
  const group =
    plan.breakdownAt === "last"
      ? `coalesce(${steps
          .toReversed()
          .map((step) => `g${step}`)
          .join(", ")})`
      : typeof plan.breakdownAt === "number"
        ? `coalesce(g${plan.breakdownAt}, '${unset}')`
        : "g0"
  return `create or replace temp table funnel_best as
select unit, person, ${furthest} as furthest, ${group} as g, ${steps.map((step) => `t${step}`).join(", ")}
from (select a.*, ${killed.length === 0 ? "false" : killed.join(" or ")} as killed from funnel_attempts a ${joins.join("\n")})
qualify row_number() over (partition by unit order by ${furthest} desc, killed, ${last}, n0 desc) = 1 and not killed`
}

/** The breakdown's values, those with most people first. */
export const funnelGroupsText = (plan: FunnelPlan): string =>
  `select g, count(*)::integer as people from funnel_best group by g order by people desc, g limit ${plan.top}`

/** People, times and open windows of everybody and of each group; −1 is what is behind the top. */
export const funnelRowsText = (plan: FunnelPlan, groups: ReadonlyArray<string>, asOfMillis: number): string => {
  const steps = stepIndexes(plan)
  const people = (condition: string) =>
    `count(${plan.breakdownAt === "all" ? "distinct person" : "*"}) filter (${condition})::integer`
  const times = steps.slice(1).flatMap((step) => {
    const time = `t${step} - t${step - 1}`
    const bins = plan.binStartsMillis.map((start, bin) => {
      const end = plan.binStartsMillis[bin + 1]
      return `count(*) filter (${time} >= ${start}${end === undefined ? "" : ` and ${time} < ${end}`})::integer as bin${step}_${bin}`
    })
    return [`sum(${time})::hugeint as sum${step}`, `median(${time})::double as median${step}`, ...bins]
  })
  const cases = groups.map((value, index) => `when g = ${quote(value)} then ${index}`)
  const group = cases.length === 0 ? "-1" : `case ${cases.join(" ")} else -1 end`
  const grouped = plan.breakdown !== undefined
  return `select ${grouped ? "grp" : "null as grp"}, ${[
    ...steps.map((step) => `${people(`furthest > ${step}`)} as people${step}`),
    ...times,
    `${people(`furthest < ${steps.length} and t0 + ${plan.windowMillis} > ${asOfMillis}`)} as open`
  ].join(", ")}
from (select *, ${group} as grp from funnel_best)
${grouped ? "group by grouping sets ((), (grp)) " : ""}order by grp nulls first`
}
