import { Effect } from "effect"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { PlanRequest } from "../../../ports/experiments/ExperimentPlan.ts"
import type { StatisticsRefusal } from "../../statistics/StatisticsRefusal.ts"
import { planExperiment } from "../planner/planExperiment.ts"

/** Units, effect and days of an experiment. What cannot be planned is an error of the field that stands in the way. */
export const planForTraffic = Effect.fn("planForTraffic")(function* (request: PlanRequest) {
  const planned = planExperiment(request)
  return typeof planned === "string" ? yield* new InvalidQuestion({ errors: [planError(planned, request)] }) : planned
})

/** The field of a plan that stands in its way. */
export const planError = (reason: StatisticsRefusal, { goal, metric }: PlanRequest): FieldError => {
  switch (reason) {
    case "control_is_zero":
      return {
        pointer: "/goal/effect/kind",
        code: reason,
        detail: "there is no share of a mean of 0: say it as absolute"
      }
    case "too_few_units":
    case "no_units":
      return {
        pointer:
          goal.given === "units" ? "/goal/units_per_arm" : goal.given === "days" ? "/goal/days" : "/units_per_day",
        code: reason,
        detail: "so few units find no effect at all"
      }
    case "no_variance":
    case "control_near_zero":
    case "out_of_range":
      return metric.kind === "rate" && (metric.rate === 0 || metric.rate === 1)
        ? {
            pointer: "/metric/rate",
            code: reason,
            detail: "a rate of 0 or 1 does not vary: nothing can be planned from it"
          }
        : { pointer: `/goal/${pointed[goal.given]}`, code: reason, detail: "the rate would leave 0 to 1" }
  }
}

const pointed = { effect: "effect/value", units: "units_per_arm", days: "days" } as const
