import type { EventSelection } from "../../../ports/analytics/FunnelQuestion.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { PathQuestion } from "../../../ports/analytics/PathQuestion.ts"
import type { Filter } from "../../../ports/analytics/Question.ts"
import { listOf, parseJson } from "../flatQuestion.ts"

/** A question about paths as the query string of a GET says it: lists with commas, filters as JSON. */
export interface FlatPaths extends Pick<
  PathQuestion,
  "time_zone" | "as_of" | "steps" | "gap_minutes" | "window_minutes" | "nodes" | "top"
> {
  readonly from: string
  readonly to: string
  readonly start_event_types?: string | undefined
  readonly start_filters?: string | undefined
  readonly end_event_types?: string | undefined
  readonly end_filters?: string | undefined
  readonly through_event_types?: string | undefined
  readonly through_filters?: string | undefined
  readonly filters?: string | undefined
  readonly groups?: string | undefined
  readonly collapse_loops?: "true" | "false"
}

/** The same question as `POST /analytics/paths/query` takes. */
export const readFlatPaths = (
  flat: FlatPaths
): { readonly question: PathQuestion } | { readonly errors: ReadonlyArray<FieldError> } => {
  const { collapse_loops, end_event_types, end_filters, filters, from, groups, ...others } = flat
  const { start_event_types, start_filters, through_event_types, through_filters, to, ...rest } = others
  const errors: Array<FieldError> = []
  /** Read and judged by the planner, as every filter is. */
  const filterOf = (text: string | undefined, name: string): { readonly filters?: Filter } => {
    if (text === undefined) return {}
    const parsed = parseJson(text, `/${name}`)
    if ("value" in parsed) return { filters: parsed.value as Filter }
    errors.push(parsed.error)
    return {}
  }
  const selection = <Name extends "start" | "end" | "through">(
    name: Name,
    types: string | undefined,
    text: string | undefined
  ): { readonly [_ in Name]?: EventSelection } => {
    if (types === undefined && text === undefined) return {}
    const named = types === undefined ? {} : { event_types: listOf(types) }
    return { [name]: { ...named, ...filterOf(text, `${name}_filters`) } } as { readonly [_ in Name]: EventSelection }
  }
  const question: PathQuestion = {
    ...rest,
    date_range: { from, to },
    ...selection("start", start_event_types, start_filters),
    ...selection("end", end_event_types, end_filters),
    ...selection("through", through_event_types, through_filters),
    ...filterOf(filters, "filters"),
    ...(groups === undefined ? {} : { groups: listOf(groups) }),
    ...(collapse_loops === undefined ? {} : { collapse_loops: collapse_loops === "true" })
  }
  return errors.length > 0 ? { errors } : { question }
}
