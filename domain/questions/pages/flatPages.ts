import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { Filter } from "../../../ports/analytics/Question.ts"
import { parseJson } from "../flatQuestion.ts"

type Flat<Asked> = Omit<Asked, "date_range" | "filters"> & {
  readonly from: string
  readonly to: string
  readonly filters?: string | undefined
}

/** A question about pages as the query string of a GET says it: the range flat, filters as JSON. */
export type FlatPages<Asked> = Flat<Asked>

/** The same question as JSON; its filters are judged by the planner. */
export const readFlatPages = <Asked>({
  filters,
  from,
  to,
  ...rest
}: Flat<Asked>): { readonly question: Asked } | { readonly errors: ReadonlyArray<FieldError> } => {
  const parsed = filters === undefined ? undefined : parseJson(filters, "/filters")
  if (parsed !== undefined && "error" in parsed) return { errors: [parsed.error] }
  const read = parsed === undefined ? {} : { filters: parsed.value as Filter }
  return { question: { ...rest, ...read, date_range: { from, to } } as Asked }
}
