import { Clock, Effect } from "effect"
import { ExperimentEvidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import type { Evidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import { analysisDefaults, analysisMethodUsual, experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment, ExperimentPhase } from "../../../ports/experiments/Experiment.ts"
import type { AnalysisPlan } from "../../../ports/experiments/ExperimentAnalysis.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readItem } from "../../platform/resources.ts"
import type { Steps } from "../../statistics/steps.ts"
import { analysed, metricsOf } from "../metricsOf.ts"
import { assembleInSteps } from "../results/assembleResults.ts"

/** All the pieces, others in between. */
const inTurns = Effect.fnUntraced(function* <Result>(steps: Steps<Result>) {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    yield* Effect.yieldNow
  }
})

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

/** What a phase has shown so far; each phase is analysed alone. */
export const experimentResults = Effect.fn("experimentResults")(function* (
  workspace: WorkspaceId,
  id: string,
  number: number | undefined
) {
  const { item: experiment } = yield* readItem<Experiment>(experiments, workspace, id)
  const phase = phaseOf(experiment, number, yield* Clock.currentTimeMillis)
  if (phase === undefined) {
    return yield* new Refused({ kind: "not-found", detail: `experiment ${id} has no phase ${number}`, errors: [] })
  }
  const evidence = yield* ExperimentEvidence
  const metrics = metricsOf(experiment)
  const gathered = yield* evidence.gather(workspace, {
    experiment: id,
    variants: phase.variants.map((variant) => variant.id),
    fromMillis: phase.started_at,
    toMillis: phase.ended_at ?? undefined,
    metrics
  })
  const plan: AnalysisPlan = { method: analysisMethodUsual, ...analysisDefaults, ...experiment.analysis }
  return yield* inTurns(
    assembleInSteps({
      experimentId: id,
      plan,
      variants: phase.variants.map(({ id: variant, name = variant, weight }) => ({ id: variant, name, weight })),
      control: controlOf(phase),
      metrics: metrics.map(({ metric, role }) => analysed(metric, role)),
      days: gathered.days,
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
      watermark: gathered.watermark
    })
  )
})

/** Units whose window is not over yet, of the metric that waits for the most. */
const immatureIn = ({ days }: Evidence, metrics: ReturnType<typeof metricsOf>): number => {
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

const controlOf = ({ variants }: ExperimentPhase): string =>
  (variants.find(({ control }) => control === true) ?? variants[0])?.id ?? ""

/** Share of the targeted units that are in the experiment. */
const coverageOf = ({ layer }: Experiment, { percent = 100 }: ExperimentPhase): number =>
  (percent / 100) * ((layer?.percent ?? 100) / 100)
