import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"
import type { Filter, Question } from "../../ports/analytics/Question.ts"

/** A question as the query string of a GET says it: lists with commas, filters as JSON. */
export interface FlatQuestion {
  readonly from: string
  readonly to: string
  readonly interval?: Question["interval"]
  readonly compare?: Question["compare"]
  readonly metrics?: string | undefined
  readonly event_types?: string | undefined
  readonly goal?: string | undefined
  readonly dimensions?: string | undefined
  readonly filters?: string | undefined
  readonly as_of?: Question["as_of"]
  readonly currency?: string | undefined
  readonly time_zone?: string | undefined
  readonly uncertainty?: "true" | "false" | undefined
  readonly order_by?: string | undefined
  readonly direction?: "ascending" | "descending" | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

export const metricsUsual = ["events", "people"]
const limitUsual = 25

export const listOf = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")

/** The same question as `POST /analytics/query` takes. */
export const readFlatQuestion = (
  flat: FlatQuestion
): { readonly question: Question } | { readonly errors: ReadonlyArray<FieldError> } => {
  const {
    as_of,
    compare,
    currency,
    direction = "descending",
    from,
    goal,
    interval,
    limit,
    offset,
    order_by,
    time_zone,
    to
  } = flat
  const filters = flat.filters === undefined ? undefined : parseJson(flat.filters, "/filters")
  if (filters !== undefined && "error" in filters) return { errors: [filters.error] }
  return {
    question: {
      date_range: { from, to },
      metrics: flat.metrics === undefined ? metricsUsual : listOf(flat.metrics),
      ...(interval === undefined ? {} : { interval }),
      ...(compare === undefined ? {} : { compare }),
      ...(flat.event_types === undefined ? {} : { event_types: listOf(flat.event_types) }),
      ...(goal === undefined ? {} : { goal }),
      ...(flat.dimensions === undefined ? {} : { dimensions: listOf(flat.dimensions) }),
      // Read and judged by the planner, as every filter is.
      ...(filters === undefined ? {} : { filters: filters.value as Filter }),
      ...(as_of === undefined ? {} : { as_of }),
      ...(currency === undefined ? {} : { currency }),
      ...(time_zone === undefined ? {} : { time_zone }),
      ...(flat.uncertainty === undefined ? {} : { uncertainty: flat.uncertainty === "true" }),
      ...(order_by === undefined ? {} : { order_by: { metric: order_by, direction } }),
      ...(limit === undefined && offset === undefined
        ? {}
        : { pagination: { limit: limit ?? limitUsual, ...(offset === undefined ? {} : { offset }) } })
    }
  }
}

export const parseJson = (
  text: string,
  pointer: string
): { readonly value: unknown } | { readonly error: FieldError } => {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return { error: { pointer, code: "not_json", detail: "must be JSON" } }
  }
}
