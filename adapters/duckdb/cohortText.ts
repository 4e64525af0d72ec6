import type { PlanCohort, PlanCohortRule, PlanFilter, PlanPeriod } from "../../ports/analytics/PlanFilter.ts"
import { cohortTable } from "./cohortTable.ts"
import { filterText } from "./conditionText.ts"
import { quote } from "./literals.ts"
import { person, selectedEvents } from "./peopleText.ts"
import { hashOf } from "./schema.ts"
import { traitJoins, traitsOf } from "./traitText.ts"

type Kind<K extends PlanCohortRule["kind"]> = Extract<PlanCohortRule, { readonly kind: K }>

interface Asked {
  readonly workspace: string
  readonly beforeMillis: number | undefined
  /** Where periods end, unless membership is asked for before an instant. */
  readonly asOfMillis: number
}

const beforeText = ({ beforeMillis }: Asked): ReadonlyArray<string> =>
  beforeMillis === undefined ? [] : [`e.time_ms < ${beforeMillis}`]

const periodText = (period: PlanPeriod, { asOfMillis, beforeMillis }: Asked, time: string): ReadonlyArray<string> => {
  switch (period.kind) {
    case "ever":
      return []
    case "within":
      return [`${time} >= ${(beforeMillis ?? asOfMillis) - period.millis}`]
    case "between":
      return [`${time} >= ${period.fromMillis}`, `${time} < ${period.toMillis}`]
  }
}

const everybody = "select person from everybody"

/** People for whom the rule holds; of `everybody` where it says who does not. */
const ruleText = (rule: PlanCohortRule, asked: Asked): string => {
  switch (rule.kind) {
    case "and":
      return allText(rule.rules, asked)
    case "or":
      return rule.rules.length === 0
        ? `${everybody} where false`
        : rule.rules.map((each) => `(${ruleText(each, asked)})`).join("\nunion\n")
    case "not":
      return allText([rule], asked)
    case "trait":
      return traitText(rule.filter, asked)
    case "did":
      return didText(rule, asked)
    case "first_time":
      return firstTimeText(rule, asked)
    case "in_sequence":
      return sequenceText(rule, asked)
    case "member_of":
      return membersText(rule.cohort)
    case "listed":
      return listedText(rule, asked)
  }
}

/** What does not hold is taken away from what does: nobody else need be looked at. */
const allText = (rules: ReadonlyArray<PlanCohortRule>, asked: Asked): string => {
  const held = rules.flatMap((rule) => (rule.kind === "not" ? [] : [`(${ruleText(rule, asked)})`]))
  const denied = rules.flatMap((rule) => (rule.kind === "not" ? [`(${ruleText(rule.rule, asked)})`] : []))
  const all = held.length === 0 ? everybody : held.join("\nintersect\n")
  return denied.length === 0 ? all : `(${all})\nexcept (${denied.join("\nunion\n")})`
}

/** A row for each person takes the place of events. */
const traitText = (filter: PlanFilter, { workspace }: Asked): string =>
  `select e.subject as person from (select person as subject from everybody) e
  left join (select person as subject, person from everybody where false) p on p.subject = e.subject${traitJoins(workspace, traitsOf(filter, []))}
  where ${filterText(filter)}`

const didText = ({ atLeast, atMost, period, selection }: Kind<"did">, asked: Asked): string => {
  const times = [...beforeText(asked), ...periodText(period, asked, "e.time_ms")]
  const counts = [`count(*) >= ${atLeast}`, ...(atMost === undefined ? [] : [`count(*) <= ${atMost}`])]
  return `select ${person} as person from ${selectedEvents(asked.workspace, selection, times)}
  group by 1${atLeast === 1 && atMost === undefined ? "" : ` having ${counts.join(" and ")}`}`
}

const firstTimeText = ({ period, selection }: Kind<"first_time">, asked: Asked): string => {
  const first = periodText(period, asked, "min(e.time_ms)")
  return `select ${person} as person from ${selectedEvents(asked.workspace, selection, beforeText(asked))}
  group by 1${first.length === 0 ? "" : ` having ${first.join(" and ")}`}`
}

/** From each first event the earliest next ones; whoever has a sequence in the window has such a one. */
const sequenceText = ({ period, steps, windowMillis }: Kind<"in_sequence">, asked: Asked): string => {
  const times = [...beforeText(asked), ...periodText(period, asked, "e.time_ms")]
  const flags = steps.map((step, index) => `${filterText(step)} as s${index}`)
  const next = steps.slice(1).map(
    (_, index) => `a${index + 1} as (
    select a.person, a.start, b.n, b.t from a${index} a
    asof join (select person, n, t from chosen where s${index + 1}) b on b.person = a.person and a.n < b.n
  )`
  )
  return `with chosen as materialized (
    select ${person} as person, e.time_ms as t, ${flags.join(", ")},
      row_number() over (partition by ${person} order by e.time_ms, e.received_us, e.idx, e.event_id) as n
    from ${selectedEvents(asked.workspace, { kind: "or", filters: steps }, times)}
  ), a0 as (select person, t as start, n, t from chosen where s0), ${next.join(", ")}
  select distinct person from a${steps.length - 1} where t - start <= ${windowMillis}`
}

const idsText = (ids: ReadonlyArray<string>): string =>
  `(select unnest(from_json(${quote(JSON.stringify(ids))}, '["VARCHAR"]')) as id)`

const listedText = ({ devices, people, users }: Kind<"listed">, { workspace }: Asked): string => {
  const hash = (kind: "u" | "a") => hashOf(quote(workspace), kind, "l.id")
  const known = `(select distinct subject from store.events where workspace = ${quote(workspace)})`
  const parts = [
    ...(people.length === 0
      ? []
      : [
          `select coalesce(u.subject, ${hash("a")}) as subject from ${idsText(people)} l left join ${known} u on u.subject = ${hash("u")}`
        ]),
    ...(users.length === 0 ? [] : [`select ${hash("u")} as subject from ${idsText(users)} l`]),
    ...(devices.length === 0 ? [] : [`select ${hash("a")} as subject from ${idsText(devices)} l`])
  ]
  return parts.length === 0
    ? `${everybody} where false`
    : `(select coalesce(p.person, s.subject) as person from (
    ${parts.join("\n    union all\n    ")}
  ) s left join store.people p on p.subject = s.subject)
  intersect (${everybody})`
}

/** Everybody of the cohort, whose table is made. */
export const membersText = (cohort: PlanCohort): string =>
  `select distinct ${person} as person from ${cohortTable(cohort)} e left join store.people p on p.subject = e.subject`

/** The members and all that they go by, into the cohort's table. */
export const cohortText = (workspace: string, cohort: PlanCohort, asOfMillis: number): string => {
  const { beforeMillis, rule } = cohort
  const asked: Asked = { workspace, beforeMillis, asOfMillis }
  const own = [`e.workspace = ${quote(workspace)}`, ...beforeText(asked)].join(" and ")
  return `create or replace temp table ${cohortTable(cohort)} as
with everybody as (
  select distinct ${person} as person from store.events e left join store.people p on p.subject = e.subject where ${own}
), members as materialized (
  ${ruleText(rule, asked)}
)
select person as subject from members
union
select subject from store.people where workspace = ${quote(workspace)} and person in (select person from members)`
}
