import type { AnalysedMetric, AnalysisPlan } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { MetricResult } from "../../../ports/experiments/ExperimentResults.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import type { Interval } from "../../statistics/Interval.ts"
import { intervalAround } from "../../statistics/Interval.ts"
import { checkPriorBias } from "../../statistics/preExposureBias.ts"
import type { PriorComparison } from "../../statistics/preExposureBias.ts"
import { studentQuantile } from "../../statistics/studentT.ts"
import { wilsonInterval } from "../../statistics/wilson.ts"
import type { ExperimentEvidence } from "./ExperimentEvidence.ts"
import { estimateBefore } from "./estimateMetric.ts"
import type { Estimate, MetricEstimates } from "./estimateMetric.ts"
import { armsOf } from "./pairsOf.ts"
import { effectFound, unitsNeeded } from "./planning.ts"

/** Every metric with its arms, and what was found of it apart from comparisons. */
export const metricResults = (
  evidence: ExperimentEvidence,
  sums: ReadonlyArray<ReadonlyArray<MetricSums>>,
  estimates: ReadonlyArray<MetricEstimates>
): ReadonlyArray<MetricResult> => {
  const { control, cuts, metrics, plan, variants } = evidence
  const base = variants.findIndex(({ id }) => id === control)
  const biases = priorBiases(metrics, sums, base, variants.length)
  return metrics.map((metric, index) => {
    const arms = armsOf(sums[index], variants.length)
    const { adjusted, arms: estimated, cuped } = estimates[index]!
    return {
      metric,
      arms: variants.map(({ id }, arm) => ({
        variant: id,
        sums: arms[arm]!,
        mean: meanOf(estimated[arm]!),
        interval: intervalOf(metric, estimated[arm]!, arms[arm]!, adjusted)
      })),
      ...(cuped === undefined
        ? {}
        : {
            cuped: {
              theta: cuped.theta,
              variance_reduction: cuped.varianceReduction,
              units_with_history: cuped.unitsWithHistory
            }
          }),
      ...cappedOf(cuts?.[index], arms),
      prior_bias: biases[index] ?? null,
      ...plannedOf(metric, estimated, base, adjusted, plan)
    }
  })
}

const cappedOf = (
  cut: NonNullable<ExperimentEvidence["cuts"]>[number],
  arms: ReadonlyArray<MetricSums>
): Pick<MetricResult, "capped"> => {
  const units = arms.reduce((sum, { count }) => sum + count, 0)
  return cut === undefined ? {} : { capped: { cap: cut.cap, share: units === 0 ? 0 : cut.units / units } }
}

const plannedOf = (
  metric: AnalysedMetric,
  estimated: ReadonlyArray<Estimate>,
  base: number,
  adjusted: boolean,
  plan: AnalysisPlan
): Pick<MetricResult, "sample_size_needed" | "minimum_detectable_effect"> => {
  const control = estimated[base] ?? "no_units"
  const units = Math.min(...estimated.map((estimate) => (typeof estimate === "string" ? 0 : estimate.count)))
  return {
    sample_size_needed: unitsNeeded(metric, control, adjusted, plan) ?? null,
    minimum_detectable_effect: units > 0 ? (effectFound(metric, control, adjusted, units, plan) ?? null) : null
  }
}

const meanOf = (estimate: Estimate): number | null => (typeof estimate === "string" ? null : estimate.mean)

const intervalOf = (
  { kind }: AnalysedMetric,
  estimate: Estimate,
  { count, sum }: MetricSums,
  adjusted: boolean
): Interval | null => {
  if (typeof estimate === "string") return null
  if (kind === "rate" && !adjusted) return wilsonInterval(sum, count)
  if (count < 2) return null
  return intervalAround(estimate.mean, studentQuantile(0.975, count - 1) * Math.sqrt(estimate.variance))
}

/** The worst variant of each metric; corrected for all metrics and variants that did anything before. */
const priorBiases = (
  metrics: ReadonlyArray<AnalysedMetric>,
  sums: ReadonlyArray<ReadonlyArray<MetricSums>>,
  base: number,
  variants: number
): ReadonlyArray<MetricResult["prior_bias"]> => {
  const compared: Array<{ readonly metric: number } & PriorComparison> = []
  for (const [metric, definition] of metrics.entries()) {
    const arms = armsOf(sums[metric], variants).map((arm) => estimateBefore(definition, arm))
    const control = arms[base]
    if (control === undefined || typeof control === "string") continue
    for (const [arm, treatment] of arms.entries())
      if (arm !== base && treatment !== undefined && typeof treatment !== "string")
        compared.push({ metric, control, treatment })
  }
  const found = checkPriorBias(compared)
  return metrics.map((_, metric) => {
    const own = found.filter((__, index) => compared[index]!.metric === metric)
    const pValues = own.flatMap(({ adjustedPValue }) => (adjustedPValue === undefined ? [] : [adjustedPValue]))
    if (pValues.length === 0) return null
    return { adjusted_p_value: Math.min(...pValues), biased: own.some(({ biased }) => biased) }
  })
}
