import type { AnalysisPlan } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { SeriesPoint } from "../../../ports/experiments/ExperimentResults.ts"
import { relativeLift } from "../../statistics/relativeLift.ts"
import type { Steps } from "../../statistics/steps.ts"
import type { ArmPair } from "./ArmPair.ts"
import { designOf } from "./compareFamilies.ts"
import type { ExperimentEvidence } from "./ExperimentEvidence.ts"
import { pairsOf } from "./pairsOf.ts"
import { percentOrNull, percents } from "./percent.ts"
import { testAnyTime, testFixed } from "./testPair.ts"

/** How every goal and guardrail stood at the end of each day, without correction for the number of comparisons. */
export const seriesOf = function* (evidence: ExperimentEvidence): Steps<ReadonlyArray<SeriesPoint>> {
  // Plain means of a bandit's arms follow its allocation: only weighted ones are told.
  if (evidence.steps !== undefined) return []
  const series: Array<SeriesPoint> = []
  for (const { date, sums } of evidence.days) {
    for (const pair of pairsOf(evidence, sums).pairs)
      if (pair.metric.role !== "secondary" && isTold(pair)) series.push(pointOf(date, pair, evidence.plan))
    yield undefined
  }
  return series
}

/** Quantiles are told of the last days alone. */
const isTold = ({ control, metric, treatment }: ArmPair): boolean =>
  metric.kind !== "quantile" || control !== "no_units" || treatment !== "no_units"

const pointOf = (date: string, pair: ArmPair, plan: AnalysisPlan): SeriesPoint => {
  const { control, metric, treatment, variant } = pair
  const test =
    plan.method === "sequential" ? testAnyTime(pair, designOf(plan), plan.alpha) : testFixed(pair, plan.alpha)
  const relative =
    typeof control === "string" || typeof treatment === "string" ? "no_units" : relativeLift(control, treatment)
  return {
    date,
    metric: metric.id,
    variant,
    control_units: typeof control === "string" ? 0 : control.count,
    variant_units: typeof treatment === "string" ? 0 : treatment.count,
    lift: typeof relative === "string" ? null : percentOrNull(relative.lift),
    lift_interval: typeof test === "string" ? null : percents(test.lift),
    difference_interval: typeof test === "string" ? null : test.difference,
    p_value: typeof test === "string" ? null : test.pValue
  }
}
