import type { EvidenceQuestion } from "../../../ports/analytics/ExperimentEvidence.ts"
import type { ExperimentMetricPlan, ExperimentPart } from "../../../ports/analytics/ExperimentPlan.ts"
import type { EventSelection } from "../../../ports/analytics/FunnelQuestion.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { ExperimentMetric, MetricValue } from "../../../ports/experiments/Experiment.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { planSelection } from "../selection.ts"
import type { PlannedSelection } from "../selection.ts"

const dayMillis = 86_400_000

export interface PlannedMetrics extends Pick<PlannedSelection, "named" | "types" | "errors"> {
  readonly metrics: ReadonlyArray<ExperimentMetricPlan>
}

/** What metrics count, with every name resolved, or everything that is wrong with them. Knows no engine. */
export const planMetrics = (asked: EvidenceQuestion["metrics"], scope: QuestionScope): PlannedMetrics => {
  const selections: Array<PlannedSelection> = []
  const errors: Array<FieldError> = []
  const select = (of: EventSelection, pointer: string): PlannedSelection => {
    const selection = planSelection(of, pointer, scope)
    selections.push(selection)
    if (isEverything(of)) errors.push({ pointer, code: "missing", detail: "name event types, a goal or filters" })
    return selection
  }
  const partOf = (of: EventSelection, value: MetricValue | undefined, pointer: string): ExperimentPart => {
    const selection =
      value?.kind === "revenue" && isEverything(of) ? planSelection(of, pointer, scope) : select(of, pointer)
    const { filter } = selection
    if (value?.kind === "property") return { filter, value: { kind: "property", name: value.property } }
    return { filter, value: { kind: value?.kind ?? "count" } }
  }
  const metrics = asked.map(({ metric, pointer }) => planMetric(metric, `${pointer}/measure`, partOf))
  return {
    metrics,
    named: selections.flatMap(({ named }) => named),
    types: selections.flatMap(({ types }) => types),
    errors: [...errors, ...selections.flatMap((selection) => selection.errors)]
  }
}

const isEverything = ({ event_types = [], filters, goal }: EventSelection): boolean =>
  event_types.length === 0 && filters === undefined && goal === undefined

const planMetric = (
  { cap, complete_windows, cuped_days, measure, window_days }: ExperimentMetric,
  pointer: string,
  partOf: (of: EventSelection, value: MetricValue | undefined, pointer: string) => ExperimentPart
): ExperimentMetricPlan => {
  const usual = {
    denominator: undefined,
    yes: false,
    fromMillis: 0,
    untilMillis: window_days === undefined ? undefined : window_days * dayMillis,
    complete: complete_windows === true && window_days !== undefined,
    cap: undefined,
    historyMillis: cuped_days === undefined ? undefined : cuped_days * dayMillis
  }
  const part = partOf(measure.of, "value" in measure ? measure.value : undefined, `${pointer}/of`)
  switch (measure.kind) {
    case "rate":
      return { ...usual, part, yes: true }
    case "mean":
      return { ...usual, part, cap: capOf(cap) }
    case "ratio":
      return {
        ...usual,
        part,
        denominator: partOf(measure.by.of, measure.by.value, `${pointer}/by/of`),
        historyMillis: undefined
      }
    case "retention":
      return {
        ...usual,
        part,
        yes: true,
        fromMillis: measure.from_day * dayMillis,
        untilMillis: (measure.to_day + 1) * dayMillis,
        complete: true,
        historyMillis: undefined
      }
  }
}

const capOf = (cap: ExperimentMetric["cap"]): ExperimentMetricPlan["cap"] =>
  cap?.kind === "percentile"
    ? { kind: "percentile", share: cap.percentile / 100, ignoreZeros: cap.ignore_zeros ?? true }
    : cap
