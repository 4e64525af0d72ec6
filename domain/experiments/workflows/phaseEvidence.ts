import { Effect } from "effect"
import { ExperimentEvidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import type { Evidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import { analysisDefaults, analysisMethodUsual } from "../../../ports/experiments/Experiment.ts"
import type { Experiment, ExperimentPhase } from "../../../ports/experiments/Experiment.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { noMetricSums } from "../results/ExperimentEvidence.ts"
import { analysed, metricsOf } from "../metricsOf.ts"
import type { AllocationStep, ExperimentEvidence as AllEvidence } from "../results/ExperimentEvidence.ts"

/** All that the results of a phase are computed from, and the same by the values of a dimension. */
export const phaseEvidence = Effect.fn("phaseEvidence")(function* (
  workspace: WorkspaceId,
  experiment: Experiment,
  phase: ExperimentPhase,
  dimension?: string
) {
  const evidence = yield* ExperimentEvidence
  const { steps } = phase
  // Shares follow results: only what had the same time to come may count.
  const metrics = metricsOf(experiment).map((each) => (steps === undefined ? each : withCompleteWindow(each)))
  const gathered = yield* evidence.gather(workspace, {
    experiment: experiment.id,
    phase: phase.number,
    variants: phase.variants.map((variant) => variant.id),
    fromMillis: phase.started_at,
    toMillis: phase.ended_at ?? undefined,
    metrics,
    ...(steps === undefined ? {} : { steps: steps.map(({ started_at }) => started_at) }),
    dimension
  })
  const all: AllEvidence = {
    experimentId: experiment.id,
    plan: { method: analysisMethodUsual, ...analysisDefaults, ...experiment.analysis },
    rule: experiment.decision_rule,
    variants: phase.variants.map(({ id, name = id, weight }) => ({ id, name, weight })),
    control: controlOf(phase),
    metrics: metrics.map(({ metric, role }) => analysed(metric, role)),
    days: gathered.days,
    ...(steps === undefined
      ? {}
      : { steps: steps.map((step, at) => stepOf(step, gathered.steps[at], phase, metrics.length)) }),
    ...(gathered.intended === undefined ? {} : { intentionToTreat: gathered.intended }),
    fullDays: gathered.fullDays,
    coverage: coverageOf(experiment, phase),
    excluded: {
      two_variants: gathered.twoVariants,
      // Ingestion keeps events of robots out.
      bots: 0,
      immature: immatureIn(gathered, metrics),
      carried_over: gathered.carriedOver
    },
    cuts: gathered.cuts,
    warnings: gathered.warnings,
    watermark: gathered.watermark
  }
  return { all, slices: gathered.slices, valuesLeftOut: gathered.valuesLeftOut }
})

type Asked = ReturnType<typeof metricsOf>[number]

const withCompleteWindow = (asked: Asked): Asked =>
  asked.metric.window_days === undefined ? asked : { ...asked, metric: { ...asked.metric, complete_windows: true } }

const stepOf = (
  { weights }: NonNullable<ExperimentPhase["steps"]>[number],
  found: Evidence["steps"][number] | undefined,
  { variants }: ExperimentPhase,
  metrics: number
): AllocationStep => ({
  probabilities: weights.map((weight) => weight / 100),
  assigned: found?.assigned ?? variants.map(() => 0),
  sums: found?.sums ?? Array.from({ length: metrics }, () => variants.map(() => noMetricSums))
})

/** Units whose window is not over yet, of the metric that waits for the most. */
export const immatureIn = (
  { days }: Evidence,
  metrics: ReadonlyArray<Pick<ReturnType<typeof metricsOf>[number], "metric">>
): number => {
  const last = days.at(-1)
  if (last === undefined) return 0
  const all = last.participants.reduce((sum, units) => sum + units, 0)
  return Math.max(
    0,
    ...metrics.map(({ metric }, index) =>
      metric.complete_windows === true || metric.measure.kind === "retention"
        ? all - (last.sums[index] ?? []).reduce((sum, { count }) => sum + count, 0)
        : 0
    )
  )
}

export const controlOf = ({ variants }: ExperimentPhase): string =>
  (variants.find(({ control }) => control === true) ?? variants[0])?.id ?? ""

/** Share of the targeted units that are in the experiment. */
const coverageOf = ({ layer }: Experiment, { percent = 100 }: ExperimentPhase): number =>
  (percent / 100) * ((layer?.percent ?? 100) / 100)
