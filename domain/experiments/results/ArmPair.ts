import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import type { Proportion } from "../../statistics/pooledProportions.ts"
import type { Estimate } from "./estimateMetric.ts"

/** A variant and the control on one metric. */
export interface ArmPair {
  readonly metric: AnalysedMetric
  readonly variant: string
  readonly control: Estimate
  readonly treatment: Estimate
  /** Of a rate that is not adjusted: both arms' counts, which tests of rates ask for. */
  readonly proportions: { readonly control: Proportion; readonly treatment: Proportion } | undefined
}

export const proportionOf = ({ count, sum }: MetricSums): Proportion => ({ successes: sum, trials: count })
