import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { breakdownMax, bucketsMax } from "../../../ports/analytics/Question.ts"
import type { SessionPlan, SessionSelection } from "../../../ports/analytics/SessionPlan.ts"
import type { SessionQuestion } from "../../../ports/analytics/SessionQuestion.ts"
import { bucketRuns, bucketStarts } from "../../zones/buckets.ts"
import { isZone, startOfDay } from "../../zones/zones.ts"
import { channelOtherwise } from "../channels.ts"
import { cohortFieldOf } from "../names.ts"
import { planFilter, unknown } from "../planFilter.ts"
import type { NamedField } from "../planFilter.ts"
import { dayBefore } from "../planQuestion.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { readRange } from "../range.ts"
import type { QuestionRange } from "../range.ts"
import type { Report } from "../Report.ts"
import { planSelection } from "../selection.ts"
import type { PlannedSelection } from "../selection.ts"
import { isSessionAttribute, sessionDimensions } from "./sessionFields.ts"

export interface PlannedSelectionOfSessions {
  readonly selection: SessionSelection
  readonly zone: string
  readonly range: QuestionRange
  readonly named: ReadonlyArray<NamedField>
  readonly types: PlannedSelection["types"]
}

export interface PlannedSessions extends PlannedSelectionOfSessions {
  readonly plan: SessionPlan
  readonly bucketStarts: ReadonlyArray<number>
}

/** Which sessions are meant, or everything that is wrong with it. */
export const planSessionSelection = (
  question: Pick<SessionQuestion, "date_range" | "time_zone" | "filters" | "holding" | "as_of">,
  scope: QuestionScope
): { readonly planned?: PlannedSelectionOfSessions; readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const report: Report = (pointer, code, detail) => void errors.push({ pointer, code, detail })
  const zone = question.time_zone ?? scope.timeZone
  if (!isZone(zone)) report("/time_zone", "unknown_zone", `${zone} is no IANA time zone`)
  const range = isZone(zone) ? readRange(question.date_range, zone, report) : undefined
  const ofSessions = { ...scope, goals: undefined, personalFields: [], dimensions: sessionDimensions }
  const filter = question.filters === undefined ? undefined : planFilter(question.filters, "/filters", ofSessions)
  const ofEvents = { ...scope, asOf: question.as_of ?? ("today" as const) }
  const holding = question.holding === undefined ? undefined : planSelection(question.holding, "/holding", ofEvents)
  errors.push(...(filter?.errors ?? []), ...(holding?.errors ?? []))
  if (errors.length > 0 || range === undefined) return { errors }
  const selection: SessionSelection = {
    workspace: scope.workspace,
    fromMillis: range.fromMillis,
    toMillis: range.toMillis,
    limits: scope.sessionLimits,
    sources: scope.sources,
    channel: { kind: "channel", rules: scope.channelRules, otherwise: channelOtherwise },
    filter: filter?.filter,
    holding: holding?.filter
  }
  return { planned: { selection, zone, range, named: holding?.named ?? [], types: holding?.types ?? [] }, errors }
}

/** A question about sessions with every name, zone and day resolved, or everything that is wrong with it. */
export const planSessions = (
  question: SessionQuestion,
  scope: QuestionScope
): { readonly planned: PlannedSessions } | { readonly errors: ReadonlyArray<FieldError> } => {
  const { errors: wrong, planned } = planSessionSelection(question, scope)
  const errors = [...wrong]
  const { dimension, interval } = question
  const breakdown =
    dimension === undefined
      ? undefined
      : isSessionAttribute(dimension)
        ? dimension
        : cohortFieldOf(dimension, scope.cohorts)
  if (dimension !== undefined && breakdown === undefined)
    errors.push({
      pointer: "/dimension",
      code: "unknown_dimension",
      detail: unknown(dimension, sessionDimensions.names)
    })
  const starts = planned === undefined ? [] : startsOf(interval, planned.zone, scope.weekStart, planned.range)
  if (starts.length > bucketsMax)
    errors.push({
      pointer: "/interval",
      code: "too_many",
      detail: `${bucketsMax} buckets at the most: ask for a longer interval or a shorter range`
    })
  if (errors.length > 0 || planned === undefined) return { errors }
  return {
    planned: {
      ...planned,
      plan: {
        ...planned.selection,
        kind: "session",
        revisions: scope.revisions,
        breakdown,
        top: breakdownMax,
        buckets: bucketRuns(starts, planned.range.toMillis)
      },
      bucketStarts: starts
    }
  }
}

const startsOf = (
  interval: SessionQuestion["interval"],
  zone: string,
  weekStart: number,
  { fromMillis, toMillis }: Pick<QuestionRange, "fromMillis" | "toMillis">
) =>
  interval === undefined ? [] : bucketStarts({ zone, interval, weekStart, fromMillis, toMillis, countMax: bucketsMax })

/** The same over the range right before, over the same groups. */
export const previousSessions = (
  planned: PlannedSessions,
  interval: SessionQuestion["interval"],
  weekStart: number,
  groups: NonNullable<SessionPlan["groups"]>
): PlannedSessions => {
  const { plan, range, zone } = planned
  const { days, fromMillis: toMillis } = range
  const fromMillis =
    days === undefined ? toMillis - (range.toMillis - toMillis) : startOfDay(zone, dayBefore(days.from, days.after))
  const starts = startsOf(interval, zone, weekStart, { fromMillis, toMillis })
  return {
    ...planned,
    bucketStarts: starts,
    plan: { ...plan, fromMillis, toMillis, groups, buckets: bucketRuns(starts, toMillis) }
  }
}
