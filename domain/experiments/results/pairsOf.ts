import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import type { ArmPair } from "./ArmPair.ts"
import { proportionOf } from "./ArmPair.ts"
import { noMetricSums } from "./ExperimentEvidence.ts"
import type { ExperimentEvidence } from "./ExperimentEvidence.ts"
import { estimateMetric } from "./estimateMetric.ts"
import type { MetricEstimates } from "./estimateMetric.ts"

/** Every variant but the control against the control, metric by metric, and the estimates that they come from. */
export interface Pairs {
  readonly pairs: ReadonlyArray<ArmPair>
  /** In the order of the metrics. */
  readonly estimates: ReadonlyArray<MetricEstimates>
}

export const pairsOf = (
  { control, metrics, variants }: ExperimentEvidence,
  sums: ReadonlyArray<ReadonlyArray<MetricSums>>
): Pairs => {
  const base = variants.findIndex(({ id }) => id === control)
  const estimates = metrics.map((metric, index) => estimateMetric(metric, armsOf(sums[index], variants.length)))
  const pairs = metrics.flatMap((metric, index) => {
    const arms = armsOf(sums[index], variants.length)
    const { arms: estimated, cuped } = estimates[index]!
    return variants.flatMap(({ id }, arm): ReadonlyArray<ArmPair> => {
      if (arm === base) return []
      const proportions =
        metric.kind === "rate" && cuped === undefined
          ? { control: proportionOf(arms[base] ?? noMetricSums), treatment: proportionOf(arms[arm]!) }
          : undefined
      return [{ metric, variant: id, control: estimated[base] ?? "no_units", treatment: estimated[arm]!, proportions }]
    })
  })
  return { pairs, estimates }
}

/** One for each variant, whatever the store told. */
export const armsOf = (arms: ReadonlyArray<MetricSums> | undefined, variants: number): ReadonlyArray<MetricSums> =>
  Array.from({ length: variants }, (_, arm) => arms?.[arm] ?? noMetricSums)
