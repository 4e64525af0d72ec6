import type { GoalQuestion } from "../../../ports/analytics/GoalQuestion.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { Filter } from "../../../ports/analytics/Question.ts"
import { listOf, parseJson } from "../flatQuestion.ts"

/** A question about goals as the query string of a GET says it: ids with commas, filters as JSON. */
export interface FlatGoals extends Omit<GoalQuestion, "date_range" | "goals" | "filters"> {
  readonly from: string
  readonly to: string
  readonly goals?: string | undefined
  readonly filters?: string | undefined
}

/** The same question as JSON; its filters are judged by the planner. */
export const readFlatGoals = ({
  filters,
  from,
  goals,
  to,
  ...rest
}: FlatGoals): { readonly question: GoalQuestion } | { readonly errors: ReadonlyArray<FieldError> } => {
  const parsed = filters === undefined ? undefined : parseJson(filters, "/filters")
  if (parsed !== undefined && "error" in parsed) return { errors: [parsed.error] }
  return {
    question: {
      ...rest,
      date_range: { from, to },
      ...(goals === undefined ? {} : { goals: listOf(goals) }),
      ...(parsed === undefined ? {} : { filters: parsed.value as Filter })
    }
  }
}
