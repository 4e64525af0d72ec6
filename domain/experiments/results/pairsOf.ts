import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import { stepSumsOf } from "../allocation/bestChances.ts"
import { weightedEstimate } from "../../statistics/inverseProbability.ts"
import type { ArmPair } from "./ArmPair.ts"
import { proportionOf } from "./ArmPair.ts"
import { noMetricSums } from "./ExperimentEvidence.ts"
import type { AllocationStep, ExperimentEvidence } from "./ExperimentEvidence.ts"
import { estimateMetric } from "./estimateMetric.ts"
import type { Estimate, MetricEstimates } from "./estimateMetric.ts"

/** Every variant but the control against the control, metric by metric, and the estimates that they come from. */
export interface Pairs {
  readonly pairs: ReadonlyArray<ArmPair>
  /** In the order of the metrics. */
  readonly estimates: ReadonlyArray<MetricEstimates>
}

export const pairsOf = (
  { control, metrics, steps: allocated, variants }: ExperimentEvidence,
  sums: ReadonlyArray<ReadonlyArray<MetricSums>>,
  steps?: ReadonlyArray<AllocationStep>
): Pairs => {
  const base = variants.findIndex(({ id }) => id === control)
  const estimates = metrics.map((metric, index) =>
    steps !== undefined && isWeighable(metric)
      ? { adjusted: true, arms: variants.map((_, arm) => weightedArm(steps, index, arm)) }
      : estimateMetric(metric, armsOf(sums[index], variants.length))
  )
  const pairs = metrics.flatMap((metric, index) => {
    const arms = armsOf(sums[index], variants.length)
    const { adjusted, arms: estimated } = estimates[index]!
    return variants.flatMap(({ id }, arm): ReadonlyArray<ArmPair> => {
      if (arm === base) return []
      const proportions =
        metric.kind === "rate" && !adjusted
          ? { control: proportionOf(arms[base] ?? noMetricSums), treatment: proportionOf(arms[arm]!) }
          : undefined
      return [
        {
          metric,
          variant: id,
          control: estimated[base] ?? "no_units",
          treatment: estimated[arm]!,
          allocation:
            allocated === undefined ? "even" : steps !== undefined && metric.kind === "rate" ? "adaptive" : "untested",
          proportions
        }
      ]
    })
  })
  return { pairs, estimates }
}

/** Sums of ratios and quantiles over steps do not add up with weights. */
const isWeighable = ({ kind }: AnalysedMetric): boolean => kind === "rate" || kind === "mean"

const weightedArm = (steps: ReadonlyArray<AllocationStep>, metric: number, arm: number): Estimate =>
  weightedEstimate(stepSumsOf(steps, metric, arm))

/** One for each variant, whatever the store told. */
export const armsOf = (arms: ReadonlyArray<MetricSums> | undefined, variants: number): ReadonlyArray<MetricSums> =>
  Array.from({ length: variants }, (_, arm) => arms?.[arm] ?? noMetricSums)
