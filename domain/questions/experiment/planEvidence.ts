import type { EvidenceQuestion } from "../../../ports/analytics/ExperimentEvidence.ts"
import type { ExperimentFunnel, ExperimentMetricPlan, ExperimentPart } from "../../../ports/analytics/ExperimentPlan.ts"
import type { EventSelection } from "../../../ports/analytics/FunnelQuestion.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { ExperimentMetric, MetricValue } from "../../../ports/experiments/Experiment.ts"
import { exponentOf } from "../../money/minorUnits.ts"
import { normalQuantile } from "../../statistics/normal.ts"
import { planSteps } from "../funnel/planFunnel.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { planSelection } from "../selection.ts"
import type { PlannedSelection } from "../selection.ts"

const dayMillis = 86_400_000
/** Before the first exposure: so long a metric is looked at that is not adjusted. */
export const beforeDaysUsual = 14
/** Of the ends of a quantile's interval at 95 %. */
const reach = normalQuantile(0.975)

export interface PlannedMetrics extends Pick<PlannedSelection, "named" | "types" | "errors"> {
  readonly metrics: ReadonlyArray<ExperimentMetricPlan>
}

/** What metrics count, with every name resolved, or everything that is wrong with them. Knows no engine. */
export const planMetrics = (asked: EvidenceQuestion["metrics"], scope: QuestionScope): PlannedMetrics => {
  const selections: Array<Pick<PlannedSelection, "named" | "types" | "errors">> = []
  const errors: Array<FieldError> = []
  const planner: Planner = {
    minorUnits: 10 ** (exponentOf(scope.currency) ?? 2),
    partOf: (of, value, pointer) => {
      const selection = planSelection(of, pointer, scope)
      const { filter } = selection
      if (value?.kind !== "revenue" || !isEverything(of)) {
        selections.push(selection)
        if (isEverything(of)) errors.push({ pointer, code: "missing", detail: "name event types, a goal or filters" })
      }
      if (value?.kind === "property") return { filter, value: { kind: "property", name: value.property } }
      return { filter, value: { kind: value?.kind ?? "count" } }
    },
    funnelOf: (measure, pointer) => {
      const steps = planSteps(measure, pointer, scope)
      selections.push(steps)
      return steps.funnel
    }
  }
  const metrics = asked.map(({ metric, pointer }) => planMetric(metric, `${pointer}/measure`, planner))
  return {
    metrics,
    named: selections.flatMap(({ named }) => named),
    types: selections.flatMap(({ types }) => types),
    errors: [...errors, ...selections.flatMap((selection) => selection.errors)]
  }
}

interface Planner {
  /** In one unit of the currency. */
  readonly minorUnits: number
  readonly partOf: (of: EventSelection, value: MetricValue | undefined, pointer: string) => ExperimentPart
  readonly funnelOf: (measure: FunnelMeasure, pointer: string) => ExperimentFunnel
}
type FunnelMeasure = Extract<ExperimentMetric["measure"], { readonly kind: "funnel" }>

const isEverything = ({ event_types = [], filters, goal }: EventSelection): boolean =>
  event_types.length === 0 && filters === undefined && goal === undefined

const planMetric = (
  { cap, complete_windows, cuped_days, measure, window_days }: ExperimentMetric,
  pointer: string,
  { funnelOf, minorUnits, partOf }: Planner
): ExperimentMetricPlan => {
  const usual = {
    denominator: undefined,
    funnel: undefined,
    quantile: undefined,
    yes: false,
    fromMillis: 0,
    untilMillis: window_days === undefined ? undefined : window_days * dayMillis,
    complete: complete_windows === true && window_days !== undefined,
    cap: undefined,
    beforeMillis: (cuped_days ?? beforeDaysUsual) * dayMillis,
    adjusts: cuped_days !== undefined
  }
  if (measure.kind === "funnel") {
    const funnel = funnelOf(measure, pointer)
    const last = funnel.steps.at(-1) ?? { kind: "or", filters: [] }
    return { ...usual, part: { filter: last, value: { kind: "count" } }, funnel, yes: true }
  }
  const part = partOf(measure.of, "value" in measure ? measure.value : undefined, `${pointer}/of`)
  switch (measure.kind) {
    case "rate":
      return { ...usual, part, yes: true }
    case "mean":
      return { ...usual, part, cap: capOf(cap, part, minorUnits) }
    case "ratio":
      return {
        ...usual,
        part,
        denominator: partOf(measure.by.of, measure.by.value, `${pointer}/by/of`),
        cap: capOf(cap, part, minorUnits)
      }
    case "retention":
      return {
        ...usual,
        part,
        yes: true,
        fromMillis: measure.from_day * dayMillis,
        untilMillis: (measure.to_day + 1) * dayMillis,
        complete: true
      }
    case "quantile": {
      const { ignore_zeros: ignoreZeros = false, per, share } = measure
      return { ...usual, part, quantile: { share, per, ignoreZeros, reach }, adjusts: false }
    }
  }
}

/** Amounts of money are counted in minor units. */
const capOf = (
  cap: ExperimentMetric["cap"],
  { value }: ExperimentPart,
  minorUnits: number
): ExperimentMetricPlan["cap"] => {
  if (cap?.kind === "percentile")
    return { kind: "percentile", share: cap.percentile / 100, ignoreZeros: cap.ignore_zeros ?? true }
  return cap === undefined || value.kind !== "revenue" ? cap : { kind: "absolute", value: cap.value * minorUnits }
}
