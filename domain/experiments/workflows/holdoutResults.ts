import { Effect } from "effect"
import { ExperimentEvidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import { holdoutGroups } from "../../../ports/experiments/Evaluation.ts"
import { analysisDefaults, analysisMethodUsual, experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import type { ExperimentResults } from "../../../ports/experiments/ExperimentResults.ts"
import { holdoutPercentUsual, holdouts } from "../../../ports/experiments/Flag.ts"
import type { Holdout } from "../../../ports/experiments/Flag.ts"
import { holdoutMetricsMax } from "../../../ports/experiments/HoldoutResults.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { inTurns } from "../../platform/inTurns.ts"
import { gatherItems, readItem } from "../../platform/resources.ts"
import { analysed } from "../metricsOf.ts"
import { assembleInSteps } from "../results/assembleResults.ts"
import { breakDownInSteps } from "../results/breakDown.ts"
import type { ExperimentEvidence as AllEvidence } from "../results/ExperimentEvidence.ts"
import { holdoutMetrics } from "../results/holdoutMetrics.ts"
import { immatureIn } from "./phaseEvidence.ts"

export interface AskedHoldout {
  /** Ids of metrics; the goals of all experiments that it binds by default. */
  readonly metrics?: ReadonlyArray<string> | undefined
  /** What people are told apart by too. */
  readonly dimension?: string | undefined
}

const names = { held_out: "Held out", compared: "Equal slice" } as const

/**
 * What all that a holdout binds brings together: people of its equal slice against those who are held out, each from when
 * an experiment or a release would first have taken them. Who was on both sides, since the share changed, is on neither.
 */
export const holdoutResults = Effect.fn("holdoutResults")(function* (
  workspace: WorkspaceId,
  id: string,
  { dimension, metrics: asked }: AskedHoldout
) {
  const { item: holdout } = yield* readItem<Holdout>(holdouts, workspace, id)
  const all = yield* gatherItems(experiments, workspace, (experiment: Experiment) => [experiment])
  const { metrics, unknown } = holdoutMetrics(holdout, all, asked)
  if (unknown.length > 0) return yield* refusedMetrics(`no experiment that it binds has ${unknown.join(", ")}`)
  if (asked !== undefined && asked.length > holdoutMetricsMax) {
    return yield* refusedMetrics(`${holdoutMetricsMax} metrics at the most`)
  }
  const evidence = yield* ExperimentEvidence
  const placed = metrics.map((metric, index) => ({ metric, pointer: `/metrics/${index}`, role: "goal" as const }))
  const gathered = yield* evidence.gather(workspace, {
    experiment: holdout.key,
    exposedTo: "holdout",
    phase: 1,
    variants: holdoutGroups,
    fromMillis: holdout.created_at,
    toMillis: undefined,
    metrics: placed,
    dimension
  })
  const held = Math.min(100, holdout.percent ?? holdoutPercentUsual)
  const compared = Math.min(held, 100 - held)
  const found: AllEvidence = {
    experimentId: holdout.key,
    plan: { method: analysisMethodUsual, ...analysisDefaults },
    variants: holdoutGroups.map((group) => ({
      id: group,
      name: names[group],
      weight: group === "held_out" ? held : compared
    })),
    control: "held_out",
    metrics: placed.map(({ metric, role }) => analysed(metric, role)),
    days: gathered.days,
    ...(gathered.intended === undefined ? {} : { intentionToTreat: gathered.intended }),
    fullDays: gathered.fullDays,
    coverage: (held + compared) / 100,
    excluded: {
      two_variants: gathered.twoVariants,
      // Ingestion keeps events of robots out.
      bots: 0,
      immature: immatureIn(gathered, placed),
      carried_over: gathered.carriedOver
    },
    cuts: gathered.cuts,
    warnings: gathered.warnings,
    watermark: gathered.watermark
  }
  const results = yield* inTurns(assembleInSteps(found))
  if (dimension === undefined) return results
  const values = yield* inTurns(breakDownInSteps(found, gathered.slices))
  const broken: ExperimentResults = {
    ...results,
    breakdown: { dimension, values, values_left_out: gathered.valuesLeftOut }
  }
  return broken
})

const refusedMetrics = (detail: string) =>
  new Refused({ kind: "bad-request", detail, errors: [{ pointer: "/metrics", code: "unknown_metric", detail }] })
