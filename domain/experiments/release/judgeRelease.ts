import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { ReleaseEvidence, ReleaseVerdict } from "../../../ports/experiments/GuardedRelease.ts"
import { compareAtAnyTime, mixtureVariance, oneSidedCriticalValue } from "../../statistics/confidenceSequence.ts"
import type { SequenceDesign } from "../../statistics/confidenceSequence.ts"
import { fiellerInterval } from "../../statistics/relativeLift.ts"
import { stratify } from "../../statistics/stratifiedEffect.ts"
import type { Stratum } from "../../statistics/stratifiedEffect.ts"
import { estimateMetric } from "../results/estimateMetric.ts"
import { percent, percentOrNull, percents } from "../results/percent.ts"

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
  const test = compareAtAnyTime(both.control, both.treatment, design)
  if (typeof test === "string") return { ...unknown, state: "unknown", reason: test }
  const units = both.control.count + both.treatment.count
  const bounds = fiellerInterval(
    both.control,
    both.treatment,
    oneSidedCriticalValue(units, mixtureVariance(design), design.alpha)
  )
  if (typeof bounds === "string") return { ...unknown, state: "unknown", reason: bounds }
  const [worst, best] = metric.direction === "increase" ? bounds : ([-bounds[1], -bounds[0]] as const)
  const { relativeInterval } = test
  return {
    ...unknown,
    state: best < -margin ? "harmed" : worst < -margin ? "at_risk" : "safe",
    control_mean: both.control.mean,
    treatment_mean: both.treatment.mean,
    lift: percentOrNull((both.treatment.mean - both.control.mean) / Math.abs(both.control.mean)),
    lift_interval: typeof relativeInterval === "string" ? null : percents(relativeInterval),
    p_value: test.pValue
  }
}

const stratumOf = (metric: AnalysedMetric, { control, treatment }: ReleaseEvidence): ReadonlyArray<Stratum> => {
  // Each side is estimated by itself: history would tie the steps together.
  const [left, right] = estimateMetric({ ...metric, cuped: false }, [control, treatment]).arms
  return left === undefined || right === undefined || typeof left === "string" || typeof right === "string"
    ? []
    : [{ control: left, treatment: right }]
}

const unitsOf = (steps: ReadonlyArray<ReleaseEvidence>): number =>
  steps.reduce((sum, { control, treatment }) => sum + control.count + treatment.count, 0)
