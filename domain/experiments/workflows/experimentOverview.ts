import { Effect } from "effect"
import { analysisDefaults, experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import type { ExperimentOverview, FinishedExperiment } from "../../../ports/experiments/ExperimentProgramme.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { gatherItems } from "../../platform/resources.ts"
import { finishedExperiment, isFinished, usualGoal } from "../programme/finishedExperiment.ts"
import { overviewProgramme } from "../programme/overviewProgramme.ts"
import { assembleInSteps } from "../results/assembleResults.ts"
import { inTurns } from "../../platform/inTurns.ts"
import { phaseEvidence } from "./phaseEvidence.ts"

export interface AskedOverview {
  /** Of the impact; the first goal that most have by default. */
  readonly metric?: string | undefined
  /** Experiments, those that ended last. */
  readonly limit: number
}

/** What all finished experiments together say. */
export const experimentOverview = Effect.fn("experimentOverview")(function* (
  workspace: WorkspaceId,
  { limit, metric: asked }: AskedOverview
) {
  const all = yield* gatherItems(experiments, workspace, (experiment: Experiment) =>
    isFinished(experiment) ? [experiment] : []
  )
  const looked = all.toSorted((a, b) => endOf(b) - endOf(a) || (a.id < b.id ? -1 : 1)).slice(0, limit)
  const metric = asked ?? usualGoal(looked)
  const finished: Array<FinishedExperiment> = []
  for (const experiment of looked) {
    finished.push(finishedExperiment(experiment, yield* lastResults(workspace, experiment), metric))
  }
  const { overlaps: _, ...overview } = overviewProgramme(finished, [], analysisDefaults.alpha)
  const answer: ExperimentOverview = {
    ...overview,
    metric: metric ?? null,
    experiments: finished.map(({ id, outcome, shipped }) => ({ id, outcome, shipped })),
    left_out: all.length - looked.length
  }
  return answer
})

const endOf = ({ phases }: Experiment): number => phases.at(-1)?.ended_at ?? 0

/** Of the last phase as it stood at its end; nothing where a metric names what is no longer there. */
const lastResults = Effect.fnUntraced(
  function* (workspace: WorkspaceId, experiment: Experiment) {
    const { all } = yield* phaseEvidence(workspace, experiment, experiment.phases.at(-1)!)
    const { intentionToTreat: _, ...others } = all
    return yield* inTurns(assembleInSteps({ ...others, days: all.days.slice(-1) }))
  },
  Effect.catchTag("InvalidQuestion", () => Effect.undefined)
)
