import { Effect } from "effect"
import { ExperimentEvidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import { analysisDefaults, experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import { overlapsMax } from "../../../ports/experiments/ExperimentProgramme.ts"
import type {
  ExperimentOverview,
  FinishedExperiment,
  OverlappingExperiments
} from "../../../ports/experiments/ExperimentProgramme.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { gatherItems } from "../../platform/resources.ts"
import { finishedExperiment, isFinished, usualGoal } from "../programme/finishedExperiment.ts"
import { analysed } from "../metricsOf.ts"
import { overlapCells } from "../programme/overlapCells.ts"
import { overlappingPairs } from "../programme/overlappingPairs.ts"
import type { OverlappingPair } from "../programme/overlappingPairs.ts"
import { overviewProgramme } from "../programme/overviewProgramme.ts"
import { assembleInSteps } from "../results/assembleResults.ts"
import { inTurns } from "../../platform/inTurns.ts"
import { controlOf, phaseEvidence } from "./phaseEvidence.ts"

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
  const pairs = overlappingPairs(looked, metric)
  const overlaps: Array<OverlappingExperiments> = []
  for (const pair of pairs.slice(0, overlapsMax)) {
    const cells = yield* cellsOf(workspace, pair)
    if (cells !== undefined) overlaps.push(cells)
  }
  const answer: ExperimentOverview = {
    ...overviewProgramme(finished, overlaps, analysisDefaults.alpha),
    metric: metric ?? null,
    experiments: finished.map(({ follows, id, outcome, recommendation, shipped }) => ({
      id,
      outcome,
      shipped,
      recommendation: recommendation ?? null,
      follows_rule: follows ?? null
    })),
    left_out: all.length - looked.length,
    overlaps_left_out: Math.max(0, pairs.length - overlapsMax)
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

/** People of both experiments by arms, each from the later of both exposures on; nothing where nobody is in both. */
const cellsOf = Effect.fnUntraced(
  function* (workspace: WorkspaceId, { first, metric, second }: OverlappingPair) {
    const evidence = yield* ExperimentEvidence
    const phaseOf = ({ experiment, phase }: OverlappingPair["first"]) => ({
      experiment: experiment.id,
      phase: phase.number,
      variants: phase.variants.map(({ id }) => id),
      fromMillis: phase.started_at,
      toMillis: phase.ended_at ?? undefined
    })
    const { days } = yield* evidence.gather(workspace, {
      ...phaseOf(first),
      beside: phaseOf(second),
      metrics: [{ metric, pointer: "/metric" }]
    })
    const sideOf = ({ experiment, phase }: OverlappingPair["first"]) => ({
      id: experiment.id,
      variants: phase.variants.length,
      control: phase.variants.findIndex(({ id }) => id === controlOf(phase))
    })
    const sums = days.at(-1)?.sums[0] ?? []
    return sums.every(({ count }) => count === 0)
      ? undefined
      : overlapCells(sideOf(first), sideOf(second), analysed(metric, "goal"), sums)
  },
  Effect.catchTag("InvalidQuestion", () => Effect.undefined)
)
