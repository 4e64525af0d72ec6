import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { Filter } from "../../../ports/analytics/Question.ts"
import type { SessionQuestion } from "../../../ports/analytics/SessionQuestion.ts"
import { listOf, parseJson } from "../flatQuestion.ts"

/** A question about sessions as the query string of a GET says it: lists with commas, filters as JSON. */
export interface FlatSessions extends Omit<SessionQuestion, "date_range" | "filters" | "holding"> {
  readonly from: string
  readonly to: string
  readonly filters?: string | undefined
  readonly holding_event_types?: string | undefined
  readonly holding_goal?: string | undefined
  readonly holding_filters?: string | undefined
}

/** The same question as `POST /analytics/sessions/query` takes. */
export const readFlatSessions = (
  flat: FlatSessions
): { readonly question: SessionQuestion } | { readonly errors: ReadonlyArray<FieldError> } => {
  const { filters, from, holding_event_types: types, holding_filters, holding_goal: goal, to, ...rest } = flat
  const errors: Array<FieldError> = []
  /** Read and judged by the planner, as every filter is. */
  const filterOf = (text: string | undefined, name: string): { readonly filters?: Filter } => {
    if (text === undefined) return {}
    const parsed = parseJson(text, `/${name}`)
    if ("value" in parsed) return { filters: parsed.value as Filter }
    errors.push(parsed.error)
    return {}
  }
  const holding = {
    ...(types === undefined ? {} : { event_types: listOf(types) }),
    ...(goal === undefined ? {} : { goal }),
    ...filterOf(holding_filters, "holding_filters")
  }
  const question: SessionQuestion = {
    ...rest,
    date_range: { from, to },
    ...filterOf(filters, "filters"),
    ...(Object.keys(holding).length === 0 ? {} : { holding })
  }
  return errors.length > 0 ? { errors } : { question }
}
