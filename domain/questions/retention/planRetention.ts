import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { PlanFilter } from "../../../ports/analytics/PlanFilter.ts"
import type { RetentionPlan } from "../../../ports/analytics/RetentionPlan.ts"
import {
  retentionBucketsMax,
  retentionPeriodsMax,
  retentionPeriodsUsual
} from "../../../ports/analytics/RetentionQuestion.ts"
import type { RetentionQuestion } from "../../../ports/analytics/RetentionQuestion.ts"
import { bucketRuns } from "../../zones/buckets.ts"
import { isZone } from "../../zones/zones.ts"
import { readAggregateBy } from "../aggregateBy.ts"
import { cohortBuckets } from "../cohortBuckets.ts"
import { planFilter } from "../planFilter.ts"
import type { NamedField } from "../planFilter.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { readRange } from "../range.ts"
import type { Report } from "../Report.ts"
import { planSelection } from "../selection.ts"
import type { PlannedSelection } from "../selection.ts"

export interface PlannedRetention {
  readonly plan: RetentionPlan
  readonly zone: string
  readonly periods: number
  /** Of every cohort and of the periods behind the last; one more than the plan has buckets, its end. */
  readonly bucketStarts: ReadonlyArray<number>
  readonly orAfter: boolean
  readonly weighted: boolean
  readonly named: ReadonlyArray<NamedField>
  readonly types: PlannedSelection["types"]
}

/** Retention with every name, zone and period resolved, or everything that is wrong with it. Knows no engine. */
export const planRetention = (
  question: RetentionQuestion,
  scope: QuestionScope
): { readonly planned: PlannedRetention } | { readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const report: Report = (pointer, code, detail) => void errors.push({ pointer, code, detail })
  const zone = question.time_zone ?? scope.timeZone
  if (!isZone(zone)) report("/time_zone", "unknown_zone", `${zone} is no IANA time zone`)
  const range = isZone(zone) ? readRange(question.date_range, zone, report) : undefined
  const own = { ...scope, asOf: question.as_of ?? ("today" as const) }
  const start = planSelection(question.start ?? {}, "/start", own)
  const back = planSelection(question.return ?? {}, "/return", own)
  const filter = question.filters === undefined ? undefined : planFilter(question.filters, "/filters", own)
  const { periods = retentionPeriodsUsual } = question
  const unit = readAggregateBy(question.aggregate_by, report)
  if (periods < 1 || periods > retentionPeriodsMax)
    report("/periods", "out_of_range", `must lie between 1 and ${retentionPeriodsMax}`)
  const starts =
    range === undefined
      ? undefined
      : cohortBuckets({
          zone,
          interval: question.interval ?? "day",
          weekStart: scope.weekStart,
          range,
          periods: Math.min(Math.max(0, periods), retentionPeriodsMax),
          bucketsMax: retentionBucketsMax
        })
  if (starts !== undefined && starts.all.length - 1 > retentionBucketsMax)
    report("/date_range", "too_many", `${retentionBucketsMax} cohorts and periods together at the most`)
  errors.push(...start.errors, ...back.errors, ...(filter?.errors ?? []))
  if (errors.length > 0 || range === undefined || starts === undefined) return { errors }
  const toMillis = starts.all.at(-1)!
  const both = (each: PlanFilter): PlanFilter =>
    filter === undefined ? each : { kind: "and", filters: [filter.filter, each] }
  return {
    planned: {
      plan: {
        kind: "retention",
        workspace: scope.workspace,
        revisions: scope.revisions,
        fromMillis: starts.all[0]!,
        toMillis,
        buckets: bucketRuns(starts.all.slice(0, -1), toMillis),
        bucketCount: starts.all.length - 1,
        cohortCount: starts.cohorts,
        start: both(start.filter),
        return: both(back.filter),
        firstTime: question.cohorts !== "recurring",
        ...unit,
        ...(question.uncertainty === true
          ? { uncertain: { periods, orAfter: question.returned === "on_or_after" } }
          : {})
      },
      zone,
      periods,
      bucketStarts: starts.all,
      orAfter: question.returned === "on_or_after",
      weighted: question.mean !== "simple",
      named: [...start.named, ...back.named, ...(filter?.named ?? [])],
      types: [...start.types, ...back.types]
    }
  }
}
