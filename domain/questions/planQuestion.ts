import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"
import type { ConversionRun, PlanField, PlanMetric, QueryPlan } from "../../ports/analytics/QueryPlan.ts"
import {
  breakdownMax,
  bucketsMax,
  dimensionsMax,
  eventTypesMax,
  metricsMax,
  rangeDaysMax
} from "../../ports/analytics/Question.ts"
import type { Question } from "../../ports/analytics/Question.ts"
import { exponentOf } from "../money/minorUnits.ts"
import { bucketRuns, bucketStarts } from "../zones/buckets.ts"
import { addDays, isZone, parseDay, startOfDay } from "../zones/zones.ts"
import { dimensionNames, fieldOf, isEncrypted, metricNames, metricOf } from "./names.ts"
import { planFilter, unknown } from "./planFilter.ts"
import type { FilterScope } from "./planFilter.ts"

/** What a workspace decides about its answers. */
export interface QuestionScope extends FilterScope {
  readonly workspace: string
  readonly timeZone: string
  /** 1 is Monday. */
  readonly weekStart: number
  readonly currency: string
}

export interface PlannedQuestion {
  readonly plan: QueryPlan
  readonly zone: string
  readonly currency: string
  readonly exponent: number
  readonly bucketStarts: ReadonlyArray<number>
  readonly metricNames: ReadonlyArray<string>
}

const dayMillis = 86_400_000
const instant = /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/

/** A question with every name, zone and day resolved, or everything that is wrong with it. Knows no engine. */
export const planQuestion = (
  question: Question,
  scope: QuestionScope
): { readonly planned: PlannedQuestion } | { readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const report = (pointer: string, code: string, detail: string) => void errors.push({ pointer, code, detail })

  const zone = question.time_zone ?? scope.timeZone
  if (!isZone(zone)) report("/time_zone", "unknown_zone", `${zone} is no IANA time zone`)
  const currency = question.currency ?? scope.currency
  const exponent = exponentOf(currency)
  if (exponent === undefined) report("/currency", "unknown_currency", `${currency} is no ISO 4217 currency`)
  const range = isZone(zone) ? readRange(question, zone, report) : undefined
  const metrics = readMetrics(question, scope, report)
  const breakdown = readDimensions(question, scope, report)
  if ((question.event_types?.length ?? 0) > eventTypesMax)
    report("/event_types", "too_many", `${eventTypesMax} at the most`)
  const filter = question.filters === undefined ? undefined : planFilter(question.filters, "/filters", scope)
  errors.push(...(filter?.errors ?? []))
  if (question.order_by !== undefined && !question.metrics.includes(question.order_by.metric)) {
    report("/order_by/metric", "unknown_metric", `must be one of metrics: ${question.metrics.join(", ")}`)
  }
  const { limit = breakdownMax, offset = 0 } = question.pagination ?? {}
  if (limit < 1 || limit > 100) report("/pagination/limit", "out_of_range", "must lie between 1 and 100")
  if (offset < 0) report("/pagination/offset", "out_of_range", "must not be negative")

  const starts =
    range === undefined || question.interval === undefined
      ? []
      : bucketStarts({ zone, interval: question.interval, weekStart: scope.weekStart, ...range, countMax: bucketsMax })
  if (starts.length > bucketsMax)
    report("/interval", "too_many", `${bucketsMax} buckets at the most: ask for a longer interval or a shorter range`)
  if (errors.length > 0 || range === undefined || exponent === undefined) return { errors }
  return {
    planned: {
      plan: {
        workspace: scope.workspace,
        ...range,
        eventTypes: question.event_types ?? [],
        filter: filter?.filter,
        metrics,
        breakdown,
        order: {
          metric: Math.max(0, question.metrics.indexOf(question.order_by?.metric ?? "")),
          direction: question.order_by?.direction ?? "descending"
        },
        skip: offset,
        top: limit,
        buckets: bucketRuns(starts, range.toMillis),
        conversions: []
      },
      zone,
      currency,
      exponent,
      bucketStarts: starts,
      metricNames: question.metrics
    }
  }
}

export const withConversions = (
  planned: PlannedQuestion,
  conversions: ReadonlyArray<ConversionRun>
): PlannedQuestion => ({
  ...planned,
  plan: { ...planned.plan, conversions }
})

/** The same question over the range of the same length right before. */
export const previousPeriod = (
  planned: PlannedQuestion,
  interval: Question["interval"],
  weekStart: number
): PlannedQuestion => {
  const { plan, zone } = planned
  const toMillis = plan.fromMillis
  const fromMillis = plan.fromMillis - (plan.toMillis - plan.fromMillis)
  const starts =
    interval === undefined
      ? []
      : bucketStarts({ zone, interval, weekStart, fromMillis, toMillis, countMax: bucketsMax })
  return {
    ...planned,
    bucketStarts: starts,
    plan: { ...plan, fromMillis, toMillis, buckets: bucketRuns(starts, toMillis) }
  }
}

type Report = (pointer: string, code: string, detail: string) => void

const readRange = (question: Question, zone: string, report: Report) => {
  const { from, to } = question.date_range
  const read = (text: string, field: "from" | "to"): number | undefined => {
    const day = parseDay(text)
    if (day !== undefined) return startOfDay(zone, field === "to" ? addDays(day, 1) : day)
    const millis = instant.test(text) ? Date.parse(text) : Number.NaN
    if (Number.isFinite(millis)) return millis
    report(`/date_range/${field}`, "not_a_day", "must be a day like 2026-11-23, or a date and time with offset")
    return undefined
  }
  const fromMillis = read(from, "from")
  const toMillis = read(to, "to")
  if (fromMillis === undefined || toMillis === undefined) return undefined
  if (toMillis <= fromMillis) {
    report("/date_range", "reversed_range", "from must be before to")
    return undefined
  }
  if (toMillis - fromMillis > (rangeDaysMax + 1) * dayMillis) {
    report("/date_range", "range_too_long", `${rangeDaysMax} days at the most`)
    return undefined
  }
  return { fromMillis, toMillis }
}

const readMetrics = (question: Question, scope: QuestionScope, report: Report): ReadonlyArray<PlanMetric> => {
  const { metrics } = question
  if (metrics.length === 0) report("/metrics", "too_few", "at least 1 metric")
  if (metrics.length > metricsMax) report("/metrics", "too_many", `${metricsMax} metrics at the most`)
  return metrics.flatMap((name, index) => {
    const metric = metricOf(name)
    if (metric === undefined) report(`/metrics/${index}`, "unknown_metric", unknown(name, metricNames))
    else if ("property" in metric && isEncrypted(metric.property, scope.personalFields)) {
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
    const field = fieldOf(name)
    if (field === undefined) report(`/dimensions/${index}`, "unknown_dimension", unknown(name, dimensionNames))
    else if (field.kind === "property" && isEncrypted(field.name, scope.personalFields)) {
      report(`/dimensions/${index}`, "encrypted_field", `${field.name} is encrypted`)
    }
    return field === undefined ? [] : [field]
  })
}
