import { Effect } from "effect"
import { ExperimentEvidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { historyDaysUsual } from "../../../ports/experiments/ExperimentPlan.ts"
import type { PlanRequest, TrafficPlan, TrafficPlanRequest } from "../../../ports/experiments/ExperimentPlan.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { analysed } from "../metricsOf.ts"
import { arrivalsOf } from "../planner/arrivalsOf.ts"
import { planExperiment } from "../planner/planExperiment.ts"
import { noMetricSums } from "../results/ExperimentEvidence.ts"
import { estimateMetric } from "../results/estimateMetric.ts"
import { planError } from "./planForTraffic.ts"

/** Beyond it a plan would promise too much. */
const correlationMax = 0.99

/** Units, effect and days of an experiment on the traffic of the last days. */
export const planFromTraffic = Effect.fn("planFromTraffic")(function* (
  workspace: WorkspaceId,
  { goal, history_days: days = historyDaysUsual, metric, percent = 100, trigger, ...demanded }: TrafficPlanRequest
) {
  const evidence = yield* ExperimentEvidence
  const found = yield* evidence.traffic(workspace, { trigger, days, metrics: [{ metric, pointer: "/metric" }] })
  const last = found.days.at(-1)
  const sums = last?.sums[0]?.[0] ?? noMetricSums
  const { cuped: _, ...plain } = analysed(metric, "goal")
  const [estimate = "no_units"] = estimateMetric(plain, [sums]).arms
  const { cuped } = estimateMetric(analysed(metric, "goal"), [sums])
  const correlation = cuped === undefined ? null : Math.sqrt(Math.max(0, cuped.varianceReduction))
  const cumulative = found.days.map(({ participants }) => participants[0] ?? 0)
  const isKnown = typeof estimate !== "string"
  const deviation = isKnown ? Math.sqrt(estimate.variance * estimate.count) : null
  const answer: TrafficPlan = {
    traffic: {
      from: found.days[0]?.date ?? "",
      to: last?.date ?? "",
      people: cumulative.at(-1) ?? 0,
      units: isKnown ? estimate.count : 0,
      cumulative,
      mean: isKnown ? estimate.mean : null,
      standard_deviation: deviation,
      correlation
    },
    plan: null,
    watermark: found.watermark
  }
  if (!isKnown || deviation === null) return answer
  const request: PlanRequest = {
    metric:
      plain.kind === "rate"
        ? { kind: "rate", rate: estimate.mean }
        : { kind: "mean", mean: estimate.mean, standard_deviation: deviation },
    goal,
    direction: plain.direction,
    units_per_day: ((cumulative.at(-1) ?? 0) * percent) / 100 / days,
    correlation: Math.min(correlationMax, correlation ?? 0),
    ...demanded
  }
  const planned = planExperiment(request, arrivalsOf(cumulative, percent / 100))
  if (typeof planned === "string")
    return yield* new InvalidQuestion({ errors: [ofTraffic(planError(planned, request))] })
  const whole: TrafficPlan = { ...answer, plan: planned }
  return whole
})

/** What is measured is not a field of the request. */
const ofTraffic = (error: ReturnType<typeof planError>): ReturnType<typeof planError> => ({
  ...error,
  pointer:
    error.pointer === "/units_per_day" ? "/trigger" : error.pointer === "/metric/rate" ? "/metric" : error.pointer
})
