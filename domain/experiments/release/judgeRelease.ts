import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { ReleaseEvidence, ReleaseVerdict } from "../../../ports/experiments/GuardedRelease.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import { compareAtAnyTime, mixtureVariance, oneSidedCriticalValue } from "../../statistics/confidenceSequence.ts"
import type { SequenceDesign } from "../../statistics/confidenceSequence.ts"
import { judgeGuardrail } from "../../statistics/guardrail.ts"
import { stratify } from "../../statistics/stratifiedEffect.ts"
import type { Stratum } from "../../statistics/stratifiedEffect.ts"
import { estimateMetric } from "../results/estimateMetric.ts"
import { percent, percents } from "../results/percent.ts"

/**
 * Whether a release that grows step by step harms a guardrail. Each step compares people who came in it and were drawn to
 * either side at the same time; steps are put together as strata, so that a share that grows is not taken for an effect.
 * The bound holds however often one looks. A release is rolled back once loss beyond the margin is certain, which needs
 * no full week.
 */
export const judgeRelease = (
  metric: AnalysedMetric,
  steps: ReadonlyArray<ReleaseEvidence>,
  design: SequenceDesign
): ReleaseVerdict => {
  const margin = metric.margin ?? 0
  const unknown = { metric: metric.id, margin: percent(margin), units: unitsOf(steps) } as const
  const strata = steps.flatMap((step) => stratumOf(metric, step))
  const both = stratify(strata)
  if (typeof both === "string") return { ...unknown, state: "unknown", reason: both }
  const { control, treatment } = both
  const oneSided = oneSidedCriticalValue(control.count + treatment.count, mixtureVariance(design), design.alpha)
  const test = compareAtAnyTime(control, treatment, design)
  const lifts = typeof test === "string" ? test : test.relativeInterval
  // Both ends are one-sided: only harm rolls back, so that no level is spent on the other side.
  const state = judgeGuardrail(control, treatment, metric.direction, margin, { oneSided, twoSided: oneSided })
  return {
    ...unknown,
    state: state === "harmed" && !steps.some((step) => isTelling(metric, step)) ? "at_risk" : state,
    control_mean: control.mean,
    treatment_mean: treatment.mean,
    lift: control.mean === 0 ? null : percent((treatment.mean - control.mean) / Math.abs(control.mean)),
    lift_interval: typeof lifts === "string" ? null : percents(lifts),
    p_value: typeof test === "string" ? null : test.pValue
  }
}

/**
 * A bound that holds at every look rests on the normal law, which few events do not follow: before a side has so many, or
 * would have them if it were as the other one, harm is not certain.
 */
const tellingUnitsMin = 10

const isTelling = ({ kind }: AnalysedMetric, { control, treatment }: ReleaseEvidence): boolean => {
  const expected = (of: MetricSums, by: MetricSums, own: (sums: MetricSums) => number): number =>
    Math.max(own(of), by.count === 0 ? 0 : (of.count * own(by)) / by.count)
  const isEnough = (own: (sums: MetricSums) => number): boolean =>
    Math.min(expected(control, treatment, own), expected(treatment, control, own)) >= tellingUnitsMin
  // Of a rate near 1 those who do not are the few.
  return isEnough(({ converted }) => converted) && (kind !== "rate" || isEnough((sums) => sums.count - sums.converted))
}

const stratumOf = (metric: AnalysedMetric, { control, treatment }: ReleaseEvidence): ReadonlyArray<Stratum> => {
  // Each side is estimated by itself: history would tie the steps together.
  const [left, right] = estimateMetric({ ...metric, cuped: false }, [control, treatment]).arms
  return left === undefined || right === undefined || typeof left === "string" || typeof right === "string"
    ? []
    : [spreadAlike({ control: left, treatment: right })]
}

/** The spread of few units is badly known, and often too small: it is taken to be that of the many at the least. */
const spreadAlike = ({ control, treatment }: Stratum): Stratum => {
  const [few, many] = control.count < treatment.count ? [control, treatment] : [treatment, control]
  const alike = { ...few, variance: Math.max(few.variance, (many.variance * many.count) / few.count) }
  return few === control ? { control: alike, treatment } : { control, treatment: alike }
}

const unitsOf = (steps: ReadonlyArray<ReleaseEvidence>): number =>
  steps.reduce((sum, { control, treatment }) => sum + control.count + treatment.count, 0)
