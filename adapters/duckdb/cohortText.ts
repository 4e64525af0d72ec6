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

/** Where it stands who has sent anything by then: in a table that is many times smaller, unless an instant cuts a quarter. */
const seenTable = ({ beforeMillis }: Asked): string => (beforeMillis === undefined ? "store.activity" : "store.events")

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
  return `select ${person} as person from ${selectedEvents(asked.workspace, selection, beforeText(asked), undefined, "ever")}
  group by 1${first.length === 0 ? "" : ` having ${first.join(" and ")}`}`
}

/**
 * From each first event the earliest next ones; whoever has a sequence in the window has such a one. Who lacks an event of
 * some step is left out before the rest is sorted.
 */
const sequenceText = ({ period, steps, windowMillis }: Kind<"in_sequence">, asked: Asked): string => {
  const times = [...beforeText(asked), ...periodText(period, asked, "e.time_ms")]
  const flags = steps.map((step, index) => `${filterText(step)} as s${index}`)
  const next = steps.slice(1).map(
    (_, index) => `a${index + 1} as (
    select a.person, a.start, b.n, b.t from a${index} a
    asof join (select person, n, t from numbered where s${index + 1}) b on b.person = a.person and a.n < b.n
  )`
  )
  return `with chosen as materialized (
    select ${person} as person, e.time_ms as t, e.received_us, e.idx, e.event_id, ${flags.join(", ")}
    from ${selectedEvents(asked.workspace, { kind: "or", filters: steps }, times)}
  ), numbered as materialized (
    select *, row_number() over (partition by person order by t, received_us, idx, event_id) as n from chosen
    where person in (select person from chosen group by person having ${steps.map((_, index) => `bool_or(s${index})`).join(" and ")})
  ), a0 as (select person, t as start, n, t from numbered where s0), ${next.join(", ")}
  select distinct person from a${steps.length - 1} where t - start <= ${windowMillis}`
}

const idsText = (ids: ReadonlyArray<string>): string =>
  `(select unnest(from_json(${quote(JSON.stringify(ids))}, '["VARCHAR"]')) as id)`

/** Those of them who have sent something, by whichever of their ids. */
const listedText = ({ devices, people, users }: Kind<"listed">, asked: Asked): string => {
  const workspace = quote(asked.workspace)
  const hash = (kind: "u" | "a") => hashOf(workspace, kind, "l.id")
  const parts = [
    ...(people.length === 0
      ? []
      : ["select coalesce(k.subject, w.a) as subject from wanted w left join known k on k.subject = w.u"]),
    ...(users.length === 0 ? [] : [`select ${hash("u")} as subject from ${idsText(users)} l`]),
    ...(devices.length === 0 ? [] : [`select ${hash("a")} as subject from ${idsText(devices)} l`])
  ]
  if (parts.length === 0) return `${everybody} where false`
  const own = [`e.workspace = ${workspace}`, ...beforeText(asked)].join(" and ")
  return `with wanted as materialized (
    select ${hash("u")} as u, ${hash("a")} as a from ${idsText(people)} l
  ), known as (
    select distinct subject from store.activity where workspace = ${workspace} and subject in (select u from wanted)
  ), listed as materialized (
    select distinct coalesce(p.person, s.subject) as person from (
      ${parts.join("\n      union all\n      ")}
    ) s left join store.people p on p.subject = s.subject
  ), own as materialized (
    select person as subject, person from listed
    union select subject, person from store.people where person in (select person from listed)
  )
  select distinct o.person from ${seenTable(asked)} e join own o on o.subject = e.subject where ${own}`
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
  select distinct ${person} as person from ${seenTable(asked)} e left join store.people p on p.subject = e.subject where ${own}
), members as materialized (
  ${ruleText(rule, asked)}
)
select person as subject from members
union
select subject from store.people where workspace = ${quote(workspace)} and person in (select person from members)`
}
