import { Effect } from "effect"
import type { Alert, AlertMetric } from "../../../ports/analytics/Alert.ts"
import type { AnyQuestion } from "../../../ports/analytics/AnyQuestion.ts"
import { bucketsMax } from "../../../ports/analytics/Question.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { formatInstant } from "../../zones/zones.ts"
import { bucketsBetween, historyStart } from "../alerts/alertBuckets.ts"
import type { Bucket, BucketScope } from "../alerts/alertBuckets.ts"
import { judgeBucket } from "../alerts/judgeBucket.ts"
import type { MeasuredBucket } from "../alerts/judgeBucket.ts"
import type { Found } from "../alerts/lookAt.ts"
import { askQuestion } from "./askQuestion.ts"

/** Metrics that count things; others are amounts. */
const isCount = (metric: string): boolean =>
  /^(events|people|accounts|sessions|orders|conversions|converters)(:|$)/.test(metric)

type TrendQuestion = Extract<AnyQuestion, { readonly kind: "trend" }>

/** The question that an alert asks of a range. */
export const questionOf = (
  { as_of, currency, event_types, filters, goal, name }: AlertMetric,
  interval: Alert["interval"],
  date_range: { readonly from: string; readonly to: string }
): TrendQuestion & { readonly date_range: { readonly from: string; readonly to: string } } => ({
  kind: "trend",
  date_range,
  interval,
  metrics: [name],
  ...(event_types === undefined ? {} : { event_types }),
  ...(goal === undefined ? {} : { goal }),
  ...(filters === undefined ? {} : { filters }),
  ...(as_of === undefined ? {} : { as_of }),
  ...(currency === undefined ? {} : { currency })
})

/** Hours, days or weeks as the workspace has them. */
export const bucketScopeOf = Effect.fnUntraced(function* (workspace: WorkspaceId, interval: Alert["interval"]) {
  const { time_zone: zone, week_start: weekStart } = (yield* SettingsSource).current(workspace)
  const scope: BucketScope = { interval, zone, weekStart }
  return scope
})

const measure = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { interval, metric }: Pick<Alert, "interval" | "metric">,
  zone: string,
  buckets: ReadonlyArray<Bucket>
) {
  const from = formatInstant(zone, buckets[0]!.start)
  const to = formatInstant(zone, buckets.at(-1)!.end)
  const { series = [] } = yield* askQuestion(workspace, questionOf(metric, interval, { from, to }))
  return buckets.map((bucket, index): MeasuredBucket => {
    const value = series[index]?.[metric.name] ?? null
    return { ...bucket, value: value === null ? null : Number(value) }
  })
})

/** What is found of buckets that follow each other, with as much of their past as the condition needs. */
export const findingsOf = Effect.fn("findingsOf")(function* (
  workspace: WorkspaceId,
  alert: Pick<Alert, "condition" | "interval" | "metric">,
  scope: BucketScope,
  buckets: ReadonlyArray<Bucket>
) {
  const [first, last] = [buckets[0], buckets.at(-1)]
  if (first === undefined || last === undefined) return []
  const { condition, interval, metric } = alert
  const all = bucketsBetween(scope, historyStart(condition, interval, first.start), last.end)
  const series: Array<MeasuredBucket> = []
  for (let at = 0; at < all.length; at += bucketsMax) {
    series.push(...(yield* measure(workspace, alert, scope.zone, all.slice(at, at + bucketsMax))))
  }
  const judged = { condition, interval, zone: scope.zone, isCount: isCount(metric.name) }
  return series.flatMap((bucket, index): ReadonlyArray<Found> =>
    bucket.start < first.start ? [] : [{ bucket, finding: judgeBucket(judged, series, index) }]
  )
})
