import { Clock, Effect } from "effect"
import { ExperimentEvidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment, ExperimentMetric } from "../../../ports/experiments/Experiment.ts"
import { shadowDefaults, shadowGroups, shadowMetricsMax } from "../../../ports/experiments/ShadowProof.ts"
import type { ShadowRequest, ShadowResult } from "../../../ports/experiments/ShadowProof.ts"
import { Cache } from "../../../ports/platform/Cache.ts"
import { Computation } from "../../../ports/platform/Computation.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { gatherItems } from "../../platform/resources.ts"
import { wilsonInterval } from "../../statistics/wilson.ts"
import { addDays, dayAt, formatDay, startOfDay } from "../../zones/zones.ts"
import { analysed } from "../metricsOf.ts"

/**
 * How often experiments without any change would have raised an alarm on the workspace's own people, looked at every day:
 * computed on a thread of its own, once a day for each request.
 */
export const proveOnTraffic = Effect.fn("proveOnTraffic")(function* (workspace: WorkspaceId, asked: ShadowRequest) {
  const cache = yield* Cache
  const metrics = asked.metrics ?? (yield* ownGoals(workspace))
  const errors = metrics.flatMap(({ measure }, at) =>
    measure.kind === "quantile"
      ? [{ pointer: `/metrics/${at}/measure/kind`, code: "not_additive", detail: "quantiles of parts do not add up" }]
      : []
  )
  if (errors.length > 0) return yield* new InvalidQuestion({ errors })
  const now = yield* Clock.currentTimeMillis
  const zone = (yield* SettingsSource).current(workspace).time_zone
  const today = dayAt(zone, now)
  const key = `shadow|${JSON.stringify([workspace, zone, formatDay(today), { ...asked, metrics }])}`
  const known = yield* cache.get(key)
  if (known !== undefined) return JSON.parse(known) as ShadowResult
  const result = yield* compute(workspace, asked, metrics, now)
  yield* cache.set(key, JSON.stringify(result), startOfDay(zone, addDays(today, 1)) - now)
  return result
})

const compute = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  asked: ShadowRequest,
  metrics: ReadonlyArray<ExperimentMetric>,
  now: number
) {
  const evidence = yield* ExperimentEvidence
  const { alpha, days, runs, seed, tuning_units } = { ...shadowDefaults, ...asked }
  const found = yield* evidence.groups(workspace, {
    trigger: asked.trigger,
    days,
    groups: shadowGroups,
    metrics: metrics.map((metric, at) => ({ metric, pointer: `/metrics/${at}` }))
  })
  const outcome = yield* (yield* Computation).run("shadowRuns", {
    days,
    groups: shadowGroups,
    runs,
    seed,
    alpha,
    tuningUnits: tuning_units,
    metrics: metrics.map((metric) => analysed(metric, "goal")),
    grown: found.grown
  })
  const result: ShadowResult = {
    from: found.fromMillis,
    to: found.toMillis,
    people: found.people,
    days,
    runs,
    seed,
    alpha,
    metrics: outcome.metrics.map(({ alarms, fixedAlarms, runs: compared }, at) => ({
      metric: metrics[at]!.id,
      runs: compared,
      sequential: shareOf(alarms, compared),
      fixed: shareOf(fixedAlarms, compared)
    })),
    computed_at: now,
    watermark: found.watermark
  }
  return result
})

const shareOf = (alarms: number, runs: number): ShadowResult["metrics"][number]["fixed"] => ({
  alarms,
  share: runs === 0 ? 0 : alarms / runs,
  interval: runs === 0 ? [0, 1] : wilsonInterval(alarms, runs)
})

/** First goals of the newest experiments, each metric once. */
const ownGoals = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const goals = yield* gatherItems(experiments, workspace, ({ goals: [goal] = [] }: Experiment) =>
    goal === undefined || goal.measure.kind === "quantile" ? [] : [goal]
  )
  const different = new Map(goals.toReversed().map((goal) => [JSON.stringify({ ...goal, id: "", name: "" }), goal]))
  const metrics = [...different.values()].toReversed().slice(0, shadowMetricsMax)
  if (metrics.length > 0) return metrics
  const detail = "no experiment has a goal yet: name metrics"
  return yield* new InvalidQuestion({ errors: [{ pointer: "/metrics", code: "missing", detail }] })
})
