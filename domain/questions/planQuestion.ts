import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"
import type { PlanField } from "../../ports/analytics/PlanFilter.ts"
import { isUncertain, uncertainMetrics } from "../../ports/analytics/TrendPlan.ts"
import type { ConversionRun, PlanMetric, TrendPlan } from "../../ports/analytics/TrendPlan.ts"
import {
  breakdownMax,
  bucketsMax,
  dimensionsMax,
  eventTypesMax,
  metricsMax,
  offsetMax
} from "../../ports/analytics/Question.ts"
import type { Question } from "../../ports/analytics/Question.ts"
import { exponentOf } from "../money/minorUnits.ts"
import { bucketRuns, bucketStarts } from "../zones/buckets.ts"
import { addDays, addMonths, daysBetween, isZone, startOfDay } from "../zones/zones.ts"
import type { CalendarDay } from "../zones/zones.ts"
import { dimensionNames, fieldOf, goalOfMetric, isEncrypted, metricNames, metricOf } from "./names.ts"
import { conversionsOfGoal, planFilter, unknown } from "./planFilter.ts"
import type { NamedField } from "./planFilter.ts"
import type { QuestionScope } from "./QuestionScope.ts"
import { readRange } from "./range.ts"
import type { QuestionRange } from "./range.ts"
import type { Report } from "./Report.ts"

export interface PlannedQuestion {
  readonly plan: TrendPlan
  readonly zone: string
  readonly currency: string
  readonly exponent: number
  readonly days: QuestionRange["days"]
  readonly bucketStarts: ReadonlyArray<number>
  readonly metricNames: ReadonlyArray<string>
  /** Properties and traits that the question names, and where. */
  readonly named: ReadonlyArray<NamedField>
}

/** A question with every name, zone and day resolved, or everything that is wrong with it. Knows no engine. */
export const planQuestion = (
  question: Question,
  scope: QuestionScope
): { readonly planned: PlannedQuestion } | { readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const report: Report = (pointer, code, detail) => void errors.push({ pointer, code, detail })

  const zone = question.time_zone ?? scope.timeZone
  if (!isZone(zone)) report("/time_zone", "unknown_zone", `${zone} is no IANA time zone`)
  const currency = question.currency ?? scope.currency
  const exponent = exponentOf(currency)
  if (exponent === undefined) report("/currency", "unknown_currency", `${currency} is no ISO 4217 currency`)
  const range = isZone(zone) ? readRange(question.date_range, zone, report) : undefined
  const metrics = readMetrics(question, scope, report)
  const asOf = question.as_of ?? "today"
  const breakdown = readDimensions(question, { ...scope, asOf }, report)
  const goal = question.goal === undefined ? [] : [conversionsOfGoal(question.goal, "/goal", scope, report)]
  if ((question.event_types?.length ?? 0) > eventTypesMax)
    report("/event_types", "too_many", `${eventTypesMax} at the most`)
  const filter =
    question.filters === undefined ? undefined : planFilter(question.filters, "/filters", { ...scope, asOf })
  errors.push(...(filter?.errors ?? []))
  if (question.order_by !== undefined && !question.metrics.includes(question.order_by.metric)) {
    report("/order_by/metric", "unknown_metric", `must be one of metrics: ${question.metrics.join(", ")}`)
  }
  const { limit = breakdownMax, offset = 0 } = question.pagination ?? {}
  if (limit < 1 || limit > 100) report("/pagination/limit", "out_of_range", "must lie between 1 and 100")
  if (offset < 0 || offset > offsetMax)
    report("/pagination/offset", "out_of_range", `must lie between 0 and ${offsetMax}`)

  const starts =
    range === undefined || question.interval === undefined
      ? []
      : bucketStarts({
          zone,
          interval: question.interval,
          weekStart: scope.weekStart,
          fromMillis: range.fromMillis,
          toMillis: range.toMillis,
          countMax: bucketsMax
        })
  if (starts.length > bucketsMax)
    report("/interval", "too_many", `${bucketsMax} buckets at the most: ask for a longer interval or a shorter range`)
  if (question.uncertainty === true && !metrics.some(isUncertain))
    report(
      "/uncertainty",
      "nothing_uncertain",
      `intervals are of ${uncertainMetrics.map((name) => (name === "sum" || name === "average" ? `${name}:…` : name)).join(", ")}: ask for one`
    )
  if (errors.length > 0 || range === undefined || exponent === undefined) return { errors }
  return {
    planned: {
      plan: {
        kind: "trend",
        workspace: scope.workspace,
        fromMillis: range.fromMillis,
        toMillis: range.toMillis,
        eventTypes: question.event_types ?? [],
        filter:
          goal.length === 0
            ? filter?.filter
            : { kind: "and", filters: [...goal, ...(filter === undefined ? [] : [filter.filter])] },
        metrics,
        breakdown,
        order: {
          metric: Math.max(0, question.metrics.indexOf(question.order_by?.metric ?? "")),
          direction: question.order_by?.direction ?? "descending"
        },
        skip: offset,
        top: limit,
        buckets: bucketRuns(starts, range.toMillis),
        conversions: [],
        unconverted: [],
        revisions: scope.revisions,
        ...(question.uncertainty === true ? { uncertain: true as const } : {})
      },
      zone,
      currency,
      exponent,
      days: range.days,
      bucketStarts: starts,
      metricNames: question.metrics,
      named: [
        ...breakdown.map((field, index) => ({ field, pointer: `/dimensions/${index}` })),
        ...metrics.flatMap((metric, index): ReadonlyArray<NamedField> =>
          "property" in metric
            ? [{ field: { kind: "property" as const, name: metric.property }, pointer: `/metrics/${index}` }]
            : metric.kind === "accounts"
              ? [{ field: { kind: "account" as const, type: metric.accountType }, pointer: `/metrics/${index}` }]
              : []
        ),
        ...(filter?.named ?? [])
      ]
    }
  }
}

export const withConversions = (
  planned: PlannedQuestion,
  conversions: ReadonlyArray<ConversionRun>,
  unconverted: ReadonlyArray<string>
): PlannedQuestion => ({ ...planned, plan: { ...planned.plan, conversions, unconverted } })

/** The same question over the range right before, over the same groups: see `Question.compare`. */
export const previousPeriod = (
  planned: PlannedQuestion,
  interval: Question["interval"],
  weekStart: number,
  groups: NonNullable<TrendPlan["groups"]>
): PlannedQuestion => {
  const { days, plan, zone } = planned
  const { fromMillis: toMillis } = plan
  const fromMillis =
    days === undefined ? toMillis - (plan.toMillis - toMillis) : startOfDay(zone, dayBefore(days.from, days.after))
  const starts =
    interval === undefined
      ? []
      : bucketStarts({ zone, interval, weekStart, fromMillis, toMillis, countMax: bucketsMax })
  return {
    ...planned,
    bucketStarts: starts,
    plan: { ...plan, fromMillis, toMillis, groups, buckets: bucketRuns(starts, toMillis) }
  }
}

/** First day of the range before: of as many months where the range is whole months, else of as many days. */
export const dayBefore = (from: CalendarDay, after: CalendarDay): CalendarDay =>
  from.day === 1 && after.day === 1
    ? addMonths(from, -((after.year - from.year) * 12 + after.month - from.month))
    : addDays(from, -daysBetween(from, after))

const readMetrics = (question: Question, scope: QuestionScope, report: Report): ReadonlyArray<PlanMetric> => {
  const { metrics } = question
  if (metrics.length === 0) report("/metrics", "too_few", "at least 1 metric")
  if (metrics.length > metricsMax) report("/metrics", "too_many", `${metricsMax} metrics at the most`)
  return metrics.flatMap((name, index) => {
    const metric = metricOf(name, { limits: scope.sessionLimits, goals: scope.goals })
    const goal = goalOfMetric(name)
    if (metric === undefined && goal !== undefined)
      report(`/metrics/${index}`, "unknown_goal", `there is no goal ${goal}`)
    else if (metric === undefined) report(`/metrics/${index}`, "unknown_metric", unknown(name, metricNames))
    else if ("property" in metric && isEncrypted({ kind: "property", name: metric.property }, scope.personalFields)) {
      report(`/metrics/${index}`, "encrypted_field", `${metric.property} is encrypted`)
    } else if (metrics.indexOf(name) !== index)
      report(`/metrics/${index}`, "duplicate_metric", `${name} is given twice`)
    return metric === undefined ? [] : [metric]
  })
}

const readDimensions = (question: Question, scope: QuestionScope, report: Report): ReadonlyArray<PlanField> => {
  const dimensions = question.dimensions ?? []
  if (dimensions.length > dimensionsMax) report("/dimensions", "too_many", `${dimensionsMax} dimensions at the most`)
  return dimensions.flatMap((name, index) => {
    const field = fieldOf(name, scope)
    if (field === undefined) report(`/dimensions/${index}`, "unknown_dimension", unknown(name, dimensionNames))
    else if (isEncrypted(field, scope.personalFields)) {
      report(`/dimensions/${index}`, "encrypted_field", `${name} is encrypted`)
    } else if (dimensions.indexOf(name) !== index)
      report(`/dimensions/${index}`, "duplicate_dimension", `${name} is given twice`)
    return field === undefined ? [] : [field]
  })
}
