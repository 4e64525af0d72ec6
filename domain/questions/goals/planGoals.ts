import type { Goal } from "../../../ports/analytics/Goal.ts"
import { goalNumbersMax } from "../../../ports/analytics/GoalQuestion.ts"
import type { GoalRequest } from "../../../ports/analytics/GoalQuestion.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { PlanFilter } from "../../../ports/analytics/PlanFilter.ts"
import { breakdownMax } from "../../../ports/analytics/Question.ts"
import type { Question } from "../../../ports/analytics/Question.ts"
import type { PlanMetric } from "../../../ports/analytics/TrendPlan.ts"
import { planQuestion } from "../planQuestion.ts"
import type { PlannedQuestion } from "../planQuestion.ts"
import type { QuestionScope } from "../QuestionScope.ts"

export interface AskedGoal {
  readonly goal: Goal
  readonly conversions: PlanFilter
}

/** A goal's metrics by their names in the plan. */
export const goalMetricNames = ({ id }: Pick<Goal, "id">) => ({
  conversions: `conversions:${id}`,
  converters: `converters:${id}`,
  value: `value:${id}`
})

export const visitorsName = "people"

const questionOf = ({ dimension, ...request }: GoalRequest): Question => ({
  ...request,
  metrics: [visitorsName],
  ...(dimension === undefined ? {} : { dimensions: [dimension] })
})

const valueMetric = ({ conversions, goal: { value } }: AskedGoal): PlanMetric | undefined => {
  if (value?.kind === "property") return { kind: "sum", property: value.property, where: conversions }
  return value?.kind === "revenue" ? { kind: "revenue", where: conversions } : undefined
}

/** Who came, with every name resolved, or everything that is wrong with it. */
export const planVisitors = (request: GoalRequest, scope: QuestionScope): ReturnType<typeof planQuestion> => {
  const read = planQuestion(questionOf(request), scope)
  if (!("errors" in read)) return read
  const errors = read.errors.map((error) => ({
    ...error,
    pointer: error.pointer.replace(/^\/dimensions\/0/, "/dimension")
  }))
  return { errors }
}

/** One pass over the events for all goals: visitors, and of each goal conversions, converters and what they are worth. */
export const planGoals = (
  request: GoalRequest,
  asked: ReadonlyArray<AskedGoal>,
  scope: QuestionScope
): { readonly planned: PlannedQuestion } | { readonly errors: ReadonlyArray<FieldError> } => {
  const read = planVisitors(request, scope)
  if ("errors" in read) return read
  const { planned } = read
  const rows = request.dimension === undefined ? 1 : breakdownMax + 2
  if (asked.length * rows * (planned.bucketStarts.length + 1) > goalNumbersMax) {
    const detail = `${goalNumbersMax} numbers of goals at the most: ask for fewer goals or a longer interval`
    return { errors: [{ pointer: "/interval", code: "too_many", detail }] }
  }
  const metrics = new Map<string, PlanMetric>([[visitorsName, { kind: "people" }]])
  for (const each of asked) {
    const names = goalMetricNames(each.goal)
    const value = valueMetric(each)
    metrics.set(names.conversions, { kind: "events", where: each.conversions })
    metrics.set(names.converters, { kind: "people", where: each.conversions })
    if (value !== undefined) metrics.set(names.value, value)
  }
  return {
    planned: {
      ...planned,
      plan: { ...planned.plan, metrics: [...metrics.values()] },
      metricNames: [...metrics.keys()]
    }
  }
}
