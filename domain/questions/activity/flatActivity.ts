import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { Filter } from "../../../ports/analytics/Question.ts"
import type { StickinessQuestion } from "../../../ports/analytics/StickinessQuestion.ts"
import { listOf, parseJson } from "../flatQuestion.ts"

/** A question about active people as the query string of a GET says it: lists with commas, filters as JSON. */
export interface FlatActivity extends Pick<StickinessQuestion, "time_zone" | "as_of" | "interval" | "aggregate_by"> {
  readonly goal?: string | undefined
  readonly from: string
  readonly to: string
  readonly event_types?: string | undefined
  readonly filters?: string | undefined
}

/** The same question as `POST …/query` takes, of stickiness and of lifecycle alike. */
export const readFlatActivity = ({
  event_types,
  filters,
  from,
  goal,
  to,
  ...rest
}: FlatActivity): { readonly question: StickinessQuestion } | { readonly errors: ReadonlyArray<FieldError> } => {
  const parsed = filters === undefined ? undefined : parseJson(filters, "/filters")
  if (parsed !== undefined && "error" in parsed) return { errors: [parsed.error] }
  return {
    question: {
      ...rest,
      date_range: { from, to },
      ...(event_types === undefined ? {} : { event_types: listOf(event_types) }),
      ...(goal === undefined ? {} : { goal }),
      // Read and judged by the planner, as every filter is.
      ...(parsed === undefined ? {} : { filters: parsed.value as Filter })
    }
  }
}
