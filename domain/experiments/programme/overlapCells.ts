import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { CellEstimate, OverlappingExperiments } from "../../../ports/experiments/ExperimentProgramme.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import { estimateMetric } from "../results/estimateMetric.ts"
import { noMetricSums } from "../results/ExperimentEvidence.ts"

/** A side of a pair: its variants in order, and the place of the control. */
export interface OverlapSide {
  readonly id: string
  readonly variants: number
  readonly control: number
}

/**
 * People of both experiments by arms, from sums by both variants (the place of the first times the second's number of
 * variants, plus the place of the second). All variants but the control count as one arm.
 */
export const overlapCells = (
  first: OverlapSide,
  second: OverlapSide,
  metric: AnalysedMetric,
  sums: ReadonlyArray<MetricSums>
): OverlappingExperiments => {
  const { cuped: _, ...plain } = metric
  const cell = (isFirst: boolean, isSecond: boolean): CellEstimate => {
    const own = sums.filter((__, place) => {
      const [left, right] = [Math.floor(place / second.variants), place % second.variants]
      return (left !== first.control) === isFirst && (right !== second.control) === isSecond
    })
    const together = own.reduce(added, noMetricSums)
    const [estimate] = estimateMetric(plain, [together]).arms
    return estimate === undefined || typeof estimate === "string"
      ? { count: together.count, mean: 0, variance: 0 }
      : estimate
  }
  return {
    first: first.id,
    second: second.id,
    bothControl: cell(false, false),
    onlyFirst: cell(true, false),
    onlySecond: cell(false, true),
    bothTreatment: cell(true, true)
  }
}

const noDenominator = { sum: 0, squares: 0, products: 0 }

const added = (left: MetricSums, right: MetricSums): MetricSums => {
  const [one, other] = [left.denominator ?? noDenominator, right.denominator ?? noDenominator]
  return {
    count: left.count + right.count,
    converted: left.converted + right.converted,
    sum: left.sum + right.sum,
    squares: left.squares + right.squares,
    denominator: {
      sum: one.sum + other.sum,
      squares: one.squares + other.squares,
      products: one.products + other.products
    }
  }
}
