import type { ExperimentMetric } from "../../ports/experiments/Experiment.ts"
import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"

const error = (pointer: string, code: string, detail: string) => ({ pointer, code, detail })

/** What a metric says that its kind has no use for, or that cannot be; pointers into the metric. */
export const metricErrors = (metric: ExperimentMetric): ReadonlyArray<FieldError> => {
  const { cap, complete_windows, cuped_days, measure, window_days } = metric
  const { kind } = measure
  const errors: Array<FieldError> = []
  if (kind === "retention" && measure.to_day < measure.from_day)
    errors.push(error("/measure/to_day", "empty_range", "must not be before from_day"))
  if (kind === "quantile" && measure.per === "event" && (measure.value?.kind ?? "count") === "count")
    errors.push(error("/measure/value", "no_value", "events by themselves are one each: name revenue or a property"))
  if (cap !== undefined && kind !== "mean" && kind !== "ratio")
    errors.push(error("/cap", "not_of_this_kind", `a ${kind} has no totals to cut: only a mean and a ratio have`))
  if (cuped_days !== undefined && kind === "quantile")
    errors.push(error("/cuped_days", "not_of_this_kind", "a quantile cannot be adjusted by what units did before"))
  if (window_days !== undefined && kind === "retention")
    errors.push(error("/window_days", "not_of_this_kind", "from_day and to_day say when a unit may come back"))
  if (complete_windows === true && window_days === undefined && kind !== "retention")
    errors.push(error("/complete_windows", "no_window", "without window_days no window is ever over"))
  return errors
}
