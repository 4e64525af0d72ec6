import type { CohortRule, DidCondition } from "../../../ports/analytics/CohortRule.ts"
import type { EventSelection } from "../../../ports/analytics/FunnelQuestion.ts"
import { bucketOf, inOrder, numberOf, personOf, traitOf } from "./reference.ts"
import type { Event } from "./reference.ts"

/** What a cohort is: a rule, or a list of ids. */
export type ReferenceCohort = CohortRule | { readonly listed: ReadonlyArray<string> }

export interface ReferenceCohorts {
  readonly all: ReadonlyArray<Event>
  readonly merges: ReadonlyMap<string, string>
  readonly cohorts: Readonly<Record<string, ReferenceCohort>>
  readonly counts: (selection: EventSelection) => (event: Event) => boolean
  /** What comes from then on does not count. */
  readonly before?: number | undefined
}

const secondsOf = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 }
const millisOf = ({ unit, value }: { unit: keyof typeof secondsOf; value: number }) => value * secondsOf[unit] * 1000

const textOf = (value: unknown): string | null =>
  value === undefined || value === null ? null : typeof value === "string" ? value : JSON.stringify(value)

/** Events that lie in the period of a condition. */
const inPeriod = (
  { between, within }: Pick<DidCondition, "between" | "within">,
  { all, before }: ReferenceCohorts
): ((event: Event) => boolean) => {
  if (between !== undefined)
    return ({ time }) => bucketOf("UTC", "day", time) >= between.from && bucketOf("UTC", "day", time) <= between.to
  if (within === undefined) return () => true
  const newest = Math.floor(Math.max(...all.map((event) => event.received_at)) / 1000)
  return ({ time }) => time >= (before ?? newest) - millisOf(within)
}

/** Whether somebody with these events, in arrival order, passes the steps in time. */
const passes = (own: ReadonlyArray<Event>, steps: ReadonlyArray<(event: Event) => boolean>, windowMillis: number) =>
  own.some((first, start) => {
    if (!steps[0]!(first)) return false
    let at = start
    for (const step of steps.slice(1)) {
      at = own.findIndex((event, place) => place > at && step(event))
      if (at < 0) return false
    }
    return own[at]!.time - first.time <= windowMillis
  })

/** People for whom the rule holds, in the plainest words. */
export const membersOf = (cohort: ReferenceCohort, asked: ReferenceCohorts): ReadonlySet<string> => {
  const { all, before, cohorts, counts, merges } = asked
  const person = personOf(all, merges)
  const known = inOrder(all).filter((event) => before === undefined || event.time < before)
  const byPerson = Map.groupBy(known, person)
  if ("listed" in cohort) {
    const like = (id: string): string => {
      const isUser = all.some((event) => event.user_id === id)
      const { user_id: _, ...device } = { ...all[0]!, anonymous_id: id }
      return person(isUser ? { ...device, user_id: id } : device)
    }
    return new Set(all.length === 0 ? [] : cohort.listed.map(like).filter((each) => byPerson.has(each)))
  }
  const holds = (rule: CohortRule, name: string, own: ReadonlyArray<Event>): boolean => {
    if ("and" in rule) return rule.and.every((each) => holds(each, name, own))
    if ("or" in rule) return rule.or.some((each) => holds(each, name, own))
    if ("not" in rule) return !holds(rule.not, name, own)
    if ("cohort" in rule) return membersOf(cohorts[rule.cohort]!, asked).has(name) === (rule.operator === "is_member")
    if ("dimension" in rule) {
      const text = textOf(traitOf(own, rule.dimension.slice("trait:".length)))
      if (rule.operator === "gte") return (numberOf(text) ?? -Infinity) >= Number(rule.value)
      return rule.operator === "is" ? text === rule.value : text !== rule.value
    }
    const period = own.filter(inPeriod(rule, asked))
    if ("did_not" in rule) return !period.some(counts(rule.did_not))
    if ("first_time" in rule) {
      const first = own.find(counts(rule.first_time))
      return first !== undefined && period.includes(first)
    }
    if ("in_sequence" in rule)
      return passes(period, rule.in_sequence.map(counts), millisOf(rule.window ?? { value: 14, unit: "day" }))
    const times = period.filter(counts(rule.did)).length
    const { at_least = 1, at_most = Infinity, exactly } = rule
    return exactly === undefined ? times >= at_least && times <= at_most : times === exactly
  }
  return new Set([...byPerson].flatMap(([name, own]) => (holds(cohort, name, own) ? [name] : [])))
}
