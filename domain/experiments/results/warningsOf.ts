import type { ExperimentResults, MetricResult, SplitCheck } from "../../../ports/experiments/ExperimentResults.ts"
import type { ExperimentEvidence } from "./ExperimentEvidence.ts"
import { percent } from "./percent.ts"

/** Share of units in several variants from which on it is worth a word. */
export const severalVariantsShare = 0.005

const lists = { goal: "goals", secondary: "secondary", guardrail: "guardrails" } as const

/** What makes figures doubtful, whatever they say; what the gathering of them warned of comes last. */
export const warningsOf = (
  { excluded, variants, warnings = [] }: ExperimentEvidence,
  metrics: ReadonlyArray<MetricResult>,
  split: SplitCheck | null
): ExperimentResults["warnings"] => {
  const found: Array<ExperimentResults["warnings"][number]> = []
  if (split?.mismatch === true) {
    const planned = variants.map(({ weight }) => weight).join(" to ")
    found.push({
      pointer: "/variants",
      detail: `units came to the variants otherwise than ${planned}: p ${split.p_value.toPrecision(2)}`
    })
  }
  const share = split === null || split.units === 0 ? 0 : excluded.two_variants / split.units
  if (share >= severalVariantsShare) {
    found.push({
      pointer: "/variants",
      detail: `${excluded.two_variants} of ${split!.units} units, ${percent(share).toPrecision(2)} %, saw several variants and are left out`
    })
  }
  for (const { metric, prior_bias } of metrics) {
    if (prior_bias?.biased !== true) continue
    const list = metrics.filter((each) => each.metric.role === metric.role)
    found.push({
      pointer: `/${lists[metric.role]}/${list.findIndex((each) => each.metric === metric)}`,
      detail: `${metric.id} differed between variants already before anybody was exposed: p ${prior_bias.adjusted_p_value.toPrecision(2)}, corrected for all metrics and variants`
    })
  }
  return [...found, ...warnings]
}
