import type { Experiment, ExperimentMetric } from "../../../ports/experiments/Experiment.ts"
import type { Holdout } from "../../../ports/experiments/Flag.ts"
import { holdoutMetricsMax } from "../../../ports/experiments/HoldoutResults.ts"
import { metricsOf } from "../metricsOf.ts"

/** Experiments that a holdout binds, those made last first. */
const boundBy = ({ team }: Holdout, experiments: ReadonlyArray<Experiment>): ReadonlyArray<Experiment> =>
  experiments
    .filter((experiment) => team === undefined || experiment.team === team)
    .toSorted((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1))

/**
 * What a holdout is judged by: those metrics of the experiments that it binds that were asked for, their goals by default.
 * Metrics of one id are taken to be one, as the experiment made last has it. Ids that none has are told.
 */
export const holdoutMetrics = (
  holdout: Holdout,
  experiments: ReadonlyArray<Experiment>,
  asked: ReadonlyArray<string> | undefined
): { readonly metrics: ReadonlyArray<ExperimentMetric>; readonly unknown: ReadonlyArray<string> } => {
  const found = new Map<string, ExperimentMetric>()
  for (const experiment of boundBy(holdout, experiments))
    for (const { metric, role } of metricsOf(experiment))
      if (!found.has(metric.id) && (asked === undefined ? role === "goal" : asked.includes(metric.id)))
        found.set(metric.id, metric)
  const metrics = asked === undefined ? [...found.values()] : asked.flatMap((id) => found.get(id) ?? [])
  return {
    metrics: metrics.slice(0, holdoutMetricsMax),
    unknown: (asked ?? []).filter((id) => !found.has(id))
  }
}
