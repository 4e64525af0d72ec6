import type { CohortRule } from "../../../ports/analytics/CohortRule.ts"
import {
  cohortConditionsMax,
  cohortDepthMax,
  cohortStepsMax,
  cohortStepsMin,
  cohortTimesMax,
  cohortWindowDaysMax
} from "../../../ports/analytics/CohortRule.ts"
import type { DidCondition, InSequenceCondition } from "../../../ports/analytics/CohortRule.ts"
import type { EventSelection } from "../../../ports/analytics/FunnelQuestion.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { PlanCohortRule, PlanField, PlanPeriod } from "../../../ports/analytics/PlanFilter.ts"
import { durationMillis } from "../durations.ts"
import { dimensionNames, fieldOf } from "../names.ts"
import { planFilter } from "../planFilter.ts"
import type { Dimensions, FilterScope, NamedField } from "../planFilter.ts"
import { readRange } from "../range.ts"
import type { Report } from "../Report.ts"
import { planSelection } from "../selection.ts"
import type { PlannedSelection } from "../selection.ts"

export interface CohortScope extends FilterScope {
  readonly timeZone: string
}

export interface PlannedCohortRule {
  readonly rule: PlanCohortRule
  readonly named: ReadonlyArray<NamedField>
  readonly types: PlannedSelection["types"]
  readonly errors: ReadonlyArray<FieldError>
}

const dayMillis = 86_400_000
const windowUsual = { value: 14, unit: "day" } as const
const always: PlanCohortRule = { kind: "and", rules: [] }
const not = (rule: PlanCohortRule): PlanCohortRule => ({ kind: "not", rule })

/**
 * The rule with names, windows and days resolved, or everything that is wrong with it. Where membership is asked for before
 * an instant, traits count as they stood then.
 */
export const planCohortRule = (
  asked: CohortRule,
  pointer: string,
  scope: CohortScope,
  beforeMillis: number | undefined
): PlannedCohortRule => {
  const errors: Array<FieldError> = []
  const named: Array<NamedField> = []
  const types: Array<PlannedSelection["types"][number]> = []
  const report: Report = (at, code, detail) => void errors.push({ pointer: at, code, detail })
  const ofTraits: FilterScope = { ...scope, goals: undefined, asOf: "today", dimensions: traitDimensions(beforeMillis) }
  const ofEvents: FilterScope = { ...scope, asOf: "today", dimensions: eventDimensions(scope, beforeMillis) }
  let count = 0

  const select = (selection: EventSelection, at: string) => {
    const planned = planSelection(selection, at, ofEvents)
    errors.push(...planned.errors)
    named.push(...planned.named)
    types.push(...planned.types)
    return planned.filter
  }
  const visit = (rule: CohortRule, at: string, depth: number): PlanCohortRule => {
    count += 1
    if (depth > cohortDepthMax) report(at, "too_deep", `rules nest ${cohortDepthMax} levels at the most`)
    if (depth > cohortDepthMax || count > cohortConditionsMax) return always
    if ("and" in rule)
      return { kind: "and", rules: rule.and.map((each, index) => visit(each, `${at}/and/${index}`, depth + 1)) }
    if ("or" in rule)
      return { kind: "or", rules: rule.or.map((each, index) => visit(each, `${at}/or/${index}`, depth + 1)) }
    if ("not" in rule) return not(visit(rule.not, `${at}/not`, depth + 1))
    if ("dimension" in rule || "cohort" in rule) {
      const planned = planFilter(rule, at, ofTraits)
      errors.push(...planned.errors)
      named.push(...planned.named)
      return "dimension" in rule ? { kind: "trait", filter: planned.filter } : membershipOf(planned.filter)
    }
    const period = readPeriod(rule, at, scope.timeZone, report)
    if ("did_not" in rule) {
      const selection = select(rule.did_not, `${at}/did_not`)
      return not({ kind: "did", selection, period, atLeast: 1, atMost: undefined })
    }
    if ("first_time" in rule)
      return { kind: "first_time", selection: select(rule.first_time, `${at}/first_time`), period }
    if ("in_sequence" in rule) {
      const steps = rule.in_sequence.map((step, index) => select(step, `${at}/in_sequence/${index}`))
      return { kind: "in_sequence", steps, windowMillis: readWindow(rule, at, report), period }
    }
    return { kind: "did", selection: select(rule.did, `${at}/did`), period, ...readTimes(rule, at, report) }
  }

  const rule = visit(asked, pointer, 1)
  if (count > cohortConditionsMax) report(pointer, "too_many", `${cohortConditionsMax} conditions at the most`)
  return { rule, named, types, errors }
}

const before = (field: PlanField | undefined, beforeMillis: number | undefined): PlanField | undefined =>
  (field?.kind === "trait" || field?.kind === "account_trait") && beforeMillis !== undefined
    ? { ...field, beforeMillis }
    : field

const eventDimensions = (scope: FilterScope, beforeMillis: number | undefined): Dimensions => ({
  names: dimensionNames,
  fieldOf: (name) => before(fieldOf(name, { ...scope, asOf: "today" }), beforeMillis)
})

/** Of a person nothing is known but what they did and their traits. */
const traitDimensions = (beforeMillis: number | undefined): Dimensions => ({
  names: ["trait:…"],
  fieldOf: (name) =>
    name.startsWith("trait:") ? before(fieldOf(name, { asOf: "today", channelRules: [] }), beforeMillis) : undefined
})

/** A condition on membership alone is a filter of one kind, or its contrary. */
const membershipOf = (filter: ReturnType<typeof planFilter>["filter"]): PlanCohortRule => {
  if (filter.kind === "not") return not(membershipOf(filter.filter))
  return filter.kind === "member_of" ? { kind: "member_of", cohort: filter.cohort } : always
}

const readPeriod = (
  { between, within }: Pick<DidCondition, "between" | "within">,
  at: string,
  zone: string,
  report: Report
): PlanPeriod => {
  if (between !== undefined && within !== undefined)
    report(`${at}/between`, "within_and_between", "a period is given by one of within and between")
  if (within !== undefined) {
    const millis = durationMillis(within)
    if (within.value < 1 || millis > cohortWindowDaysMax * dayMillis)
      report(`${at}/within`, "out_of_range", `from 1 second to ${cohortWindowDaysMax} days`)
    return { kind: "within", millis }
  }
  if (between === undefined) return { kind: "ever" }
  const range = readRange(between, zone, (where, code, detail) =>
    report(`${at}${where.replace("/date_range", "/between")}`, code, detail)
  )
  return range === undefined
    ? { kind: "ever" }
    : { kind: "between", fromMillis: range.fromMillis, toMillis: range.toMillis }
}

const readWindow = ({ in_sequence, window = windowUsual }: InSequenceCondition, at: string, report: Report): number => {
  const { length } = in_sequence
  if (length < cohortStepsMin) report(`${at}/in_sequence`, "too_few", `at least ${cohortStepsMin} steps`)
  if (length > cohortStepsMax) report(`${at}/in_sequence`, "too_many", `${cohortStepsMax} steps at the most`)
  const millis = durationMillis(window)
  if (window.value < 1 || millis > cohortWindowDaysMax * dayMillis)
    report(`${at}/window`, "out_of_range", `from 1 second to ${cohortWindowDaysMax} days`)
  return millis
}

const readTimes = (
  { at_least, at_most, exactly }: DidCondition,
  at: string,
  report: Report
): { readonly atLeast: number; readonly atMost: number | undefined } => {
  const all = Object.entries({ at_least, at_most, exactly })
  for (const [name, value] of all)
    if (value !== undefined && (value < 1 || value > cohortTimesMax))
      report(`${at}/${name}`, "out_of_range", `must lie between 1 and ${cohortTimesMax}; not even once is did_not`)
  if (exactly !== undefined && (at_least !== undefined || at_most !== undefined))
    report(`${at}/exactly`, "exactly_and_limits", "exactly stands alone")
  const atLeast = exactly ?? at_least ?? 1
  const atMost = exactly ?? at_most
  if (atMost !== undefined && atMost < atLeast)
    report(`${at}/at_most`, "reversed_range", "at_most must not be less than at_least")
  return { atLeast, atMost }
}
