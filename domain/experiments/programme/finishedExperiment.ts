import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import type { FinishedExperiment } from "../../../ports/experiments/ExperimentProgramme.ts"
import type { ExperimentResults } from "../../../ports/experiments/ExperimentResults.ts"
import { relativeLift } from "../../statistics/relativeLift.ts"
import { estimateMetric } from "../results/estimateMetric.ts"

/** Whether it ran and takes nobody more. */
export const isFinished = ({ phases, status }: Experiment): boolean =>
  phases.length > 0 && (status === "stopped" || status === "archived")

/** The first goals of experiments, the most frequent one; of equally frequent ones that of the newest. */
export const usualGoal = (newestFirst: ReadonlyArray<Experiment>): string | undefined => {
  const counts = new Map<string, number>()
  for (const { goals = [] } of newestFirst) {
    const first = goals[0]?.id
    if (first !== undefined) counts.set(first, (counts.get(first) ?? 0) + 1)
  }
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0]
}

/**
 * An experiment as an overview sees it: as it was decided, else as the figures of its last phase say. `results` are
 * undefined where they cannot be had any more.
 */
export const finishedExperiment = (
  experiment: Experiment,
  results: ExperimentResults | undefined,
  metric: string | undefined
): FinishedExperiment => {
  const control = results?.control
  const { decision } = experiment
  const shipped = decision?.decision === "ship" && decision.variant !== control ? decision.variant : undefined
  return {
    id: experiment.id,
    outcome: outcomeOf(experiment, results),
    shipped: shipped !== undefined,
    recommendation: results?.recommendation,
    follows: results === undefined ? undefined : followsRule(decision, results),
    lift: results === undefined ? undefined : liftOf(results, metric, shipped)
  }
}

/** Whether it was decided as the rule says; `undefined` before a decision. */
const followsRule = (
  decision: Experiment["decision"],
  { control, recommendation: { action, variant } }: ExperimentResults
): boolean | undefined => {
  switch (decision?.decision) {
    case undefined:
      return undefined
    case "inconclusive":
      return action === "keep_running"
    case "roll_back":
      return action === "roll_back"
    case "ship":
      // To ship the control is to roll back.
      return decision?.variant === control ? action === "roll_back" : action === "ship" && variant === decision?.variant
  }
}

const outcomeOf = ({ decision }: Experiment, results: ExperimentResults | undefined): FinishedExperiment["outcome"] => {
  switch (decision?.decision) {
    case "inconclusive":
      return "inconclusive"
    case "roll_back":
      return "lost"
    case "ship":
      return decision.variant === results?.control ? "lost" : "won"
  }
  if (results?.winner === undefined) return "inconclusive"
  return results.winner === results.control ? "lost" : "won"
}

/** Of the variant that is shipped, else of the one that is surest to differ; positive is better. */
const liftOf = (
  { allocation, comparisons, control, metrics, variants }: ExperimentResults,
  id: string | undefined,
  shipped: string | undefined
): FinishedExperiment["lift"] => {
  const found = metrics.find(({ metric }) => metric.id === id)
  // Plain sums of a bandit follow its shares.
  if (found === undefined || allocation !== undefined) return undefined
  const surest = comparisons
    .filter(({ metric }) => metric === id)
    .toSorted((a, b) => a.adjusted_p_value - b.adjusted_p_value || a.p_value - b.p_value)[0]?.variant
  const { arms } = estimateMetric(
    found.metric,
    found.arms.map(({ sums }) => sums)
  )
  const of = (variant: string | undefined) => arms[variants.findIndex((each) => each.id === variant)]
  const [base, treatment] = [of(control), of(shipped ?? surest)]
  if (base === undefined || treatment === undefined || typeof base === "string" || typeof treatment === "string")
    return undefined
  const relative = relativeLift(base, treatment)
  if (typeof relative === "string") return undefined
  const sign = found.metric.direction === "increase" ? 1 : -1
  return { effect: sign * relative.lift, variance: relative.variance }
}
