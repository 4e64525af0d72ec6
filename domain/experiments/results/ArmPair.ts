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
  /** Shares of the traffic followed the results. */
  readonly adaptive: boolean
  /** Of a rate that is neither adjusted nor weighted: both arms' counts, which tests of rates ask for. */
  readonly proportions: { readonly control: Proportion; readonly treatment: Proportion } | undefined
}

export const proportionOf = ({ count, sum }: MetricSums): Proportion => ({ successes: sum, trials: count })
