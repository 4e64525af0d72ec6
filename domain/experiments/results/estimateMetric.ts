import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import type { ArmEstimate } from "../../statistics/ArmEstimate.ts"
import { meanEstimate, rateEstimate, ratioEstimate } from "../../statistics/ArmEstimate.ts"
import { quantileEstimate } from "../../statistics/clusteredQuantile.ts"
import { adjustByCovariate } from "../../statistics/cuped.ts"
import type { CovariateSums } from "../../statistics/cuped.ts"
import type { StatisticsRefusal } from "../../statistics/StatisticsRefusal.ts"

/** The level at which the store tells a quantile's two ends. */
const quantileAlpha = 0.05

export type Estimate = ArmEstimate | StatisticsRefusal

/** What arms say of a metric, and what the adjustment by history did. */
export interface MetricEstimates {
  /** By history or by logged probabilities: a rate's own formulas no longer hold. */
  readonly adjusted: boolean
  readonly arms: ReadonlyArray<Estimate>
  readonly cuped?: { readonly theta: number; readonly varianceReduction: number; readonly unitsWithHistory: number }
}

/** One estimate for each arm. Rates and means are adjusted by history where the metric says so and there is any. */
export const estimateMetric = (metric: AnalysedMetric, arms: ReadonlyArray<MetricSums>): MetricEstimates => {
  const plain = arms.map((sums) => estimateArm(metric, sums))
  if (metric.cuped !== true || metric.kind === "ratio" || metric.kind === "quantile")
    return { adjusted: false, arms: plain }
  const withHistory = arms.filter(hasHistory)
  const unitsWithHistory = withHistory.reduce((sum, { covariate }) => sum + covariate.count, 0)
  // An arm without units has nothing to say, and must not keep the others from theirs.
  const adjusted = adjustByCovariate(withHistory.filter(({ count }) => count > 1))
  if (typeof adjusted === "string" || unitsWithHistory === 0 || !(adjusted.theta !== 0))
    return { adjusted: false, arms: plain }
  const estimates = [...adjusted.arms]
  return {
    adjusted: true,
    arms: arms.map((sums, index) => (hasHistory(sums) && sums.count > 1 ? estimates.shift()! : plain[index]!)),
    cuped: { theta: adjusted.theta, varianceReduction: adjusted.varianceReduction, unitsWithHistory }
  }
}

const hasHistory = (sums: MetricSums): sums is MetricSums & CovariateSums => sums.covariate !== undefined

const estimateArm = ({ kind }: AnalysedMetric, sums: MetricSums): Estimate => {
  switch (kind) {
    case "rate":
      return rateEstimate(sums.sum, sums.count)
    case "mean":
      return meanEstimate(sums)
    case "ratio":
      return ratioEstimate({
        count: sums.count,
        left: { sum: sums.sum, squares: sums.squares },
        right: { sum: sums.denominator?.sum ?? 0, squares: sums.denominator?.squares ?? 0 },
        products: sums.denominator?.products ?? 0
      })
    case "quantile":
      return sums.quantile === undefined
        ? sums.count > 0
          ? "too_few_units"
          : "no_units"
        : quantileEstimate(sums.count, sums.quantile.value, [sums.quantile.low, sums.quantile.high], quantileAlpha)
  }
}
