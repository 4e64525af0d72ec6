import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import type { ArmEstimate } from "../../statistics/ArmEstimate.ts"
import { meanEstimate, rateEstimate, ratioEstimate } from "../../statistics/ArmEstimate.ts"
import { quantileEstimate } from "../../statistics/clusteredQuantile.ts"
import { adjustByCovariate, adjustRatioByCovariate } from "../../statistics/cuped.ts"
import type { RatioCovariateSums } from "../../statistics/cuped.ts"
import type { PairSums } from "../../statistics/SampleSums.ts"
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

/** One estimate for each arm. All but quantiles are adjusted by history where the metric says so and there is any. */
export const estimateMetric = (metric: AnalysedMetric, arms: ReadonlyArray<MetricSums>): MetricEstimates => {
  const plain = arms.map((sums) => estimateArm(metric, sums))
  if (metric.cuped !== true || metric.kind === "quantile") return { adjusted: false, arms: plain }
  const withHistory = arms.filter(hasHistory)
  const unitsWithHistory = withHistory.reduce((sum, { covariate }) => sum + covariate.count, 0)
  // An arm without units has nothing to say, and must not keep the others from theirs.
  const able = withHistory.filter(({ count, denominator }) => count > 1 && denominator?.sum !== 0)
  const adjusted = metric.kind === "ratio" ? adjustRatioByCovariate(able.map(ratioSums)) : adjustByCovariate(able)
  if (typeof adjusted === "string" || unitsWithHistory === 0 || !(adjusted.theta !== 0))
    return { adjusted: false, arms: plain }
  return {
    adjusted: true,
    arms: arms.map((sums, index) => {
      const place = able.findIndex((each) => each === sums)
      return place === -1 ? plain[index]! : adjusted.arms[place]!
    }),
    cuped: { theta: adjusted.theta, varianceReduction: adjusted.varianceReduction, unitsWithHistory }
  }
}

type WithHistory = MetricSums & { readonly covariate: NonNullable<MetricSums["covariate"]> }
const hasHistory = (sums: MetricSums): sums is WithHistory => sums.covariate !== undefined

const noPair = { sum: 0, squares: 0, products: 0 }
const noPairs = { sum: 0, squares: 0, covariates: 0, products: 0, numerators: 0, across: 0, outcomes: 0 }

const pairsOf = ({ count, denominator: right = noPair, squares, sum }: Pairs): PairSums => ({
  count,
  left: { sum, squares },
  right: { sum: right.sum, squares: right.squares },
  products: right.products
})
type Pairs = Pick<MetricSums, "count" | "sum" | "squares" | "denominator">

const ratioSums = (sums: WithHistory): RatioCovariateSums => {
  const { count, denominator: below = noPairs, outcomes, products, squares, sum } = sums.covariate
  return {
    ...pairsOf(sums),
    covariate: {
      before: {
        count,
        left: { sum, squares },
        right: { sum: below.sum, squares: below.squares },
        products: below.covariates
      },
      xy: products,
      xd: below.across,
      my: below.numerators,
      md: below.products,
      y: outcomes,
      d: below.outcomes
    }
  }
}

/** The same metric before the exposure, by its plain formulas; nothing where it was not looked at. */
export const estimateBefore = (metric: AnalysedMetric, { before }: MetricSums): Estimate | undefined =>
  before === undefined ? undefined : estimateArm(metric, before)

const estimateArm = ({ kind }: AnalysedMetric, sums: Pairs & Pick<MetricSums, "quantile">): Estimate => {
  switch (kind) {
    case "rate":
      return rateEstimate(sums.sum, sums.count)
    case "mean":
      return meanEstimate(sums)
    case "ratio":
      return ratioEstimate(pairsOf(sums))
    case "quantile":
      return sums.quantile === undefined
        ? sums.count > 0
          ? "too_few_units"
          : "no_units"
        : quantileEstimate(sums.count, sums.quantile.value, [sums.quantile.low, sums.quantile.high], quantileAlpha)
  }
}
