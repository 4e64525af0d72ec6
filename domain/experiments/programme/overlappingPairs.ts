import type { Experiment, ExperimentMetric, ExperimentPhase } from "../../../ports/experiments/Experiment.ts"
import { production } from "../../../ports/experiments/Flag.ts"
import { metricsOf } from "../metricsOf.ts"

/** Two experiments whose last phases ran at the same time, the one that began first first. */
export interface OverlappingPair {
  readonly first: { readonly experiment: Experiment; readonly phase: ExperimentPhase }
  readonly second: { readonly experiment: Experiment; readonly phase: ExperimentPhase }
  /** What both are compared by, as the first has it. */
  readonly metric: ExperimentMetric
  readonly millis: number
}

/**
 * Pairs that may have got into each other's way on a metric, the longest first. Experiments of one layer share nobody, and
 * quantiles of cells tell nothing of a sum of effects.
 */
export const overlappingPairs = (
  experiments: ReadonlyArray<Experiment>,
  metric: string | undefined
): ReadonlyArray<OverlappingPair> => {
  const sides = experiments
    .flatMap((experiment) => {
      const phase = experiment.phases.at(-1)
      const found = metricsOf(experiment).find((each) => each.metric.id === metric)?.metric
      return phase === undefined || found === undefined || found.measure.kind === "quantile"
        ? []
        : [{ experiment, phase, metric: found }]
    })
    .toSorted((a, b) => a.phase.started_at - b.phase.started_at)
  const pairs = sides.flatMap((first, at) =>
    sides.slice(at + 1).flatMap((second): ReadonlyArray<OverlappingPair> => {
      const millis = endOf(first.phase, second.phase) - second.phase.started_at
      return millis > 0 && mayShare(first.experiment, second.experiment)
        ? [{ first, second, metric: first.metric, millis }]
        : []
    })
  )
  return pairs.toSorted((a, b) => b.millis - a.millis)
}

const endOf = (first: ExperimentPhase, second: ExperimentPhase): number =>
  Math.min(first.ended_at ?? Number.MAX_SAFE_INTEGER, second.ended_at ?? Number.MAX_SAFE_INTEGER)

const mayShare = (first: Experiment, second: Experiment): boolean =>
  (first.environment ?? production) === (second.environment ?? production) &&
  (first.layer === undefined || first.layer.id !== second.layer?.id)
