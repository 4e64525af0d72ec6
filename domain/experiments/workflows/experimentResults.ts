import { Clock, Effect } from "effect"
import { inTurns } from "../../platform/inTurns.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment, ExperimentPhase } from "../../../ports/experiments/Experiment.ts"
import type { ExperimentResults } from "../../../ports/experiments/ExperimentResults.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readItem } from "../../platform/resources.ts"
import { assembleInSteps } from "../results/assembleResults.ts"
import { breakDownInSteps } from "../results/breakDown.ts"
import { phaseEvidence } from "./phaseEvidence.ts"

/** The phase, or what the first would be of an experiment that has not begun. */
const phaseOf = (experiment: Experiment, number: number | undefined, now: number): ExperimentPhase | undefined => {
  if (experiment.phases.length > 0 || number !== undefined) {
    return number === undefined ? experiment.phases.at(-1) : experiment.phases.find((each) => each.number === number)
  }
  const { condition, percent, variants = [] } = experiment
  return {
    number: 1,
    started_at: now,
    ended_at: null,
    started_by: "",
    reason: null,
    variants,
    ...(condition === undefined ? {} : { condition }),
    ...(percent === undefined ? {} : { percent })
  }
}

export interface AskedResults {
  /** The last one by default. */
  readonly phase?: number | undefined
  /** What people are told apart by too. */
  readonly dimension?: string | undefined
}

/** What a phase has shown so far; each phase is analysed alone. */
export const experimentResults = Effect.fn("experimentResults")(function* (
  workspace: WorkspaceId,
  id: string,
  { dimension, phase: number }: AskedResults
) {
  const { item: experiment } = yield* readItem<Experiment>(experiments, workspace, id)
  const phase = phaseOf(experiment, number, yield* Clock.currentTimeMillis)
  if (phase === undefined) {
    return yield* new Refused({ kind: "not-found", detail: `experiment ${id} has no phase ${number}`, errors: [] })
  }
  const { all, slices, valuesLeftOut } = yield* phaseEvidence(workspace, experiment, phase, dimension)
  const results = yield* inTurns(assembleInSteps(all))
  if (dimension === undefined) return results
  const values = yield* inTurns(breakDownInSteps(all, slices))
  const broken: ExperimentResults = { ...results, breakdown: { dimension, values, values_left_out: valuesLeftOut } }
  return broken
})
