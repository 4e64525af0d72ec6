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
  /**
   * Shares of the traffic followed the results where it is not `even`. `adaptive`: these are rates that weigh by the logged
   * probabilities, for which the sequence holds. `untested`: plain sums, or means that weigh: arms with few units and long
   * tails raise alarms in 18 of 100 bandits whose arms are alike.
   */
  readonly allocation: "even" | "adaptive" | "untested"
  /** Of a rate that is neither adjusted nor weighted: both arms' counts, which tests of rates ask for. */
  readonly proportions: { readonly control: Proportion; readonly treatment: Proportion } | undefined
}

export const proportionOf = ({ count, sum }: MetricSums): Proportion => ({ successes: sum, trials: count })
