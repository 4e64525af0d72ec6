import type { FunnelExclusion, FunnelPlan } from "../../../ports/analytics/FunnelPlan.ts"
import {
  conversionWindowDaysMax,
  funnelExclusionsMax,
  funnelStepsMax,
  funnelStepsMin
} from "../../../ports/analytics/FunnelQuestion.ts"
import type { FunnelDefinition, FunnelQuestion } from "../../../ports/analytics/FunnelQuestion.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { breakdownMax } from "../../../ports/analytics/Question.ts"
import { isZone } from "../../zones/zones.ts"
import { readAggregateBy } from "../aggregateBy.ts"
import { durationMillis } from "../durations.ts"
import { dimensionNames, fieldOf, isEncrypted } from "../names.ts"
import { planFilter, unknown } from "../planFilter.ts"
import type { FilterScope, NamedField } from "../planFilter.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { readRange } from "../range.ts"
import type { Report } from "../Report.ts"
import { planSelection } from "../selection.ts"
import type { PlannedSelection } from "../selection.ts"

export interface PlannedFunnel {
  readonly plan: FunnelPlan
  readonly zone: string
  readonly stepNames: ReadonlyArray<string>
  readonly named: ReadonlyArray<NamedField>
  readonly types: PlannedSelection["types"]
}

const secondMillis = 1000
const minuteMillis = 60 * secondMillis
const hourMillis = 60 * minuteMillis
const dayMillis = 24 * hourMillis
export const conversionWindowUsual = { value: 14, unit: "day" } as const

/** Borders of every histogram of times to convert. */
export const timeBinStartsMillis: ReadonlyArray<number> = [
  0,
  10 * secondMillis,
  minuteMillis,
  5 * minuteMillis,
  15 * minuteMillis,
  hourMillis,
  3 * hourMillis,
  12 * hourMillis,
  dayMillis,
  2 * dayMillis,
  3 * dayMillis,
  7 * dayMillis,
  14 * dayMillis,
  30 * dayMillis
]

/** A funnel with every name, zone and window resolved, or everything that is wrong with it. Knows no engine. */
export const planFunnel = (
  question: FunnelQuestion,
  scope: QuestionScope
): { readonly planned: PlannedFunnel } | { readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const report: Report = (pointer, code, detail) => void errors.push({ pointer, code, detail })
  const zone = question.time_zone ?? scope.timeZone
  if (!isZone(zone)) report("/time_zone", "unknown_zone", `${zone} is no IANA time zone`)
  const range = isZone(zone) ? readRange(question.date_range, zone, report) : undefined
  const own = { ...scope, asOf: question.as_of ?? ("today" as const) }
  const asked = planSteps(question, "", own)
  const breakdown = question.dimension === undefined ? undefined : fieldOf(question.dimension, own)
  if (question.dimension !== undefined && breakdown === undefined)
    report("/dimension", "unknown_dimension", unknown(question.dimension, dimensionNames))
  if (breakdown !== undefined && isEncrypted(breakdown, scope.personalFields))
    report("/dimension", "encrypted_field", `${question.dimension} is encrypted`)
  const breakdownAt = readBreakdownAt(question, report)
  const unit = readAggregateBy(question.aggregate_by, report)
  errors.push(...asked.errors)
  if (errors.length > 0 || range === undefined) return { errors }
  return {
    planned: {
      plan: {
        kind: "funnel",
        workspace: scope.workspace,
        revisions: scope.revisions,
        fromMillis: range.fromMillis,
        toMillis: range.toMillis,
        ...asked.funnel,
        ...unit,
        breakdown,
        breakdownAt,
        top: breakdownMax,
        binStartsMillis: timeBinStartsMillis
      },
      zone,
      stepNames: question.steps.map(
        ({ event_types: types = [], goal = "", name }) =>
          name ?? (types.join(" or ") || (scope.goals?.get(goal)?.name ?? "any event"))
      ),
      named: [...asked.named, ...(breakdown === undefined ? [] : [{ field: breakdown, pointer: "/dimension" }])],
      types: asked.types
    }
  }
}

/** What a funnel is, wherever it is asked for. */
export interface PlannedSteps extends Pick<PlannedSelection, "named" | "types" | "errors"> {
  readonly funnel: Pick<FunnelPlan, "order" | "steps" | "filter" | "windowMillis" | "exclusions">
}

/** The steps of a definition that stands at the pointer, and what they may not hold, with every name resolved. */
export const planSteps = (
  definition: Omit<FunnelDefinition, "aggregate_by">,
  pointer: string,
  scope: FilterScope
): PlannedSteps => {
  const errors: Array<FieldError> = []
  const report: Report = (at, code, detail) => void errors.push({ pointer: pointer + at, code, detail })
  const { length } = definition.steps
  const steps = definition.steps.map((step, index) => planSelection(step, `${pointer}/steps/${index}`, scope))
  if (length < funnelStepsMin) report("/steps", "too_few", `at least ${funnelStepsMin} steps`)
  if (length > funnelStepsMax) report("/steps", "too_many", `${funnelStepsMax} steps at the most`)
  const excluded = (definition.exclusions ?? []).map((each, index) =>
    planSelection(each, `${pointer}/exclusions/${index}`, scope)
  )
  const exclusions = readExclusions(definition, excluded, report)
  const filter =
    definition.filters === undefined ? undefined : planFilter(definition.filters, `${pointer}/filters`, scope)
  const windowMillis = readWindow(definition, report)
  const selections = [...steps, ...excluded]
  return {
    funnel: {
      order: definition.order ?? "sequential",
      steps: steps.map((step) => step.filter),
      filter: filter?.filter,
      windowMillis,
      exclusions
    },
    named: [...selections.flatMap(({ named }) => named), ...(filter?.named ?? [])],
    types: selections.flatMap(({ types }) => types),
    errors: [...errors, ...selections.flatMap((each) => each.errors), ...(filter?.errors ?? [])]
  }
}

type Steps = Pick<FunnelDefinition, "steps" | "order" | "exclusions">

const readExclusions = (
  question: Steps,
  planned: ReadonlyArray<PlannedSelection>,
  report: Report
): ReadonlyArray<FunnelExclusion> => {
  const exclusions = question.exclusions ?? []
  const steps = question.steps.length
  if (exclusions.length > funnelExclusionsMax)
    report("/exclusions", "too_many", `${funnelExclusionsMax} exclusions at the most`)
  if (exclusions.length > 0 && question.order === "any")
    report("/exclusions", "not_in_any_order", "steps in any order have no place between them")
  return exclusions.map(({ after_step: after, before_step: before }, index) => {
    if (after < 1 || before > steps || after >= before)
      report(`/exclusions/${index}`, "out_of_range", `1 ≤ after_step < before_step ≤ ${steps}`)
    return { filter: planned[index]!.filter, after: after - 1, before: before - 1 }
  })
}

const readBreakdownAt = (question: FunnelQuestion, report: Report): FunnelPlan["breakdownAt"] => {
  const text = question.breakdown_at ?? "first"
  if (text === "first" || text === "last" || text === "all") return text
  const step = Number(/^step:([1-9]\d?)$/.exec(text)?.[1] ?? 0)
  if (step >= 1 && step <= question.steps.length) return step - 1
  report("/breakdown_at", "unknown_place", `must be first, last, all or step:1 to step:${question.steps.length}`)
  return "first"
}

const readWindow = (question: Pick<FunnelDefinition, "conversion_window">, report: Report): number => {
  const window = question.conversion_window ?? conversionWindowUsual
  const millis = durationMillis(window)
  if (window.value < 1 || millis > conversionWindowDaysMax * dayMillis)
    report("/conversion_window", "out_of_range", `from 1 second to ${conversionWindowDaysMax} days`)
  return millis
}
