import type { PlanKind, Plans, QueryPlan } from "../../ports/analytics/QueryPlan.ts"
import type { Read } from "./Engine.ts"
import { answerTrend } from "./trend.ts"

/** How each kind of plan is answered. */
const answers: { readonly [Kind in PlanKind]: (read: Read, plan: QueryPlan<Kind>) => Promise<Plans[Kind]["rows"]> } = {
  trend: answerTrend
}

export const answerOf = <Plan extends QueryPlan>(read: Read, plan: Plan): Promise<Plans[Plan["kind"]]["rows"]> =>
  answers[plan.kind](read, plan)
