import type { EvidenceQuestion } from "../../ports/analytics/ExperimentEvidence.ts"
import type { Experiment, ExperimentMetric } from "../../ports/experiments/Experiment.ts"
import type { AnalysedMetric, MetricRole } from "../../ports/experiments/ExperimentAnalysis.ts"

const lists = { goals: "goal", secondary: "secondary", guardrails: "guardrail" } as const

/** All metrics of an experiment, goals first, with their places in it. */
export const metricsOf = (
  experiment: Pick<Experiment, keyof typeof lists>
): ReadonlyArray<EvidenceQuestion["metrics"][number] & { readonly role: MetricRole }> =>
  (["goals", "secondary", "guardrails"] as const).flatMap((list) =>
    (experiment[list] ?? []).map((metric, index) => ({ metric, pointer: `/${list}/${index}`, role: lists[list] }))
  )

/** The metric as the analysis sees it: coming back, and coming through a funnel, is a rate. */
export const analysed = (metric: ExperimentMetric, role: MetricRole): AnalysedMetric => {
  const { cuped_days, direction = "increase", id, margin, measure, minimum_effect, name = id } = metric
  return {
    id,
    name,
    role,
    kind: measure.kind === "retention" || measure.kind === "funnel" ? "rate" : measure.kind,
    direction,
    ...(minimum_effect === undefined ? {} : { minimum_effect }),
    ...(margin === undefined ? {} : { margin }),
    ...(cuped_days === undefined ? {} : { cuped: true })
  }
}
