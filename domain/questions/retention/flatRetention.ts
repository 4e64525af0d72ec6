import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { Filter } from "../../../ports/analytics/Question.ts"
import type { RetentionQuestion } from "../../../ports/analytics/RetentionQuestion.ts"
import { listOf, parseJson } from "../flatQuestion.ts"

/** A retention question as the query string of a GET says it: lists with commas, filters as JSON. */
export interface FlatRetention extends Pick<
  RetentionQuestion,
  "time_zone" | "as_of" | "interval" | "periods" | "cohorts" | "returned" | "mean" | "aggregate_by"
> {
  readonly from: string
  readonly to: string
  readonly start_event_types?: string | undefined
  readonly start_goal?: string | undefined
  readonly start_filters?: string | undefined
  readonly return_event_types?: string | undefined
  readonly return_goal?: string | undefined
  readonly return_filters?: string | undefined
  readonly filters?: string | undefined
  readonly uncertainty?: "true" | "false" | undefined
}

/** The same question as `POST /analytics/retention/query` takes. */
export const readFlatRetention = (
  flat: FlatRetention
): { readonly question: RetentionQuestion } | { readonly errors: ReadonlyArray<FieldError> } => {
  const { filters, from, return_event_types, return_filters, return_goal, ...others } = flat
  const { start_event_types, start_filters, start_goal, to, uncertainty, ...rest } = others
  const errors: Array<FieldError> = []
  /** Read and judged by the planner, as every filter is. */
  const filterOf = (text: string | undefined, name: string): { readonly filters?: Filter } => {
    if (text === undefined) return {}
    const parsed = parseJson(text, `/${name}`)
    if ("value" in parsed) return { filters: parsed.value as Filter }
    errors.push(parsed.error)
    return {}
  }
  const typesOf = (text: string | undefined) => (text === undefined ? {} : { event_types: listOf(text) })
  const goalOf = (goal: string | undefined) => (goal === undefined ? {} : { goal })
  const question: RetentionQuestion = {
    ...rest,
    date_range: { from, to },
    start: { ...typesOf(start_event_types), ...goalOf(start_goal), ...filterOf(start_filters, "start_filters") },
    return: { ...typesOf(return_event_types), ...goalOf(return_goal), ...filterOf(return_filters, "return_filters") },
    ...filterOf(filters, "filters"),
    ...(uncertainty === undefined ? {} : { uncertainty: uncertainty === "true" })
  }
  return errors.length > 0 ? { errors } : { question }
}
