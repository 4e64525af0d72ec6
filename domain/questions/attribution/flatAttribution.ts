import { attributionModels } from "../../../ports/analytics/AttributionQuestion.ts"
import type { AttributionModel, AttributionQuestion } from "../../../ports/analytics/AttributionQuestion.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { Filter } from "../../../ports/analytics/Question.ts"
import { listOf, parseJson } from "../flatQuestion.ts"
import { unknown } from "../planFilter.ts"

/** Attribution as the query string of a GET says it: lists with commas, filters as JSON. */
export interface FlatAttribution extends Omit<
  AttributionQuestion,
  "date_range" | "models" | "conversion" | "filters" | "currency" | "time_zone" | "uncertainty"
> {
  readonly from: string
  readonly to: string
  readonly time_zone?: string | undefined
  readonly currency?: string | undefined
  readonly models?: string | undefined
  readonly uncertainty?: "true" | "false" | undefined
  readonly conversion_event_types?: string | undefined
  readonly conversion_goal?: string | undefined
  readonly conversion_filters?: string | undefined
  readonly conversion_property?: string | undefined
  readonly filters?: string | undefined
}

const isModel = (name: string): name is AttributionModel => (attributionModels as ReadonlyArray<string>).includes(name)

/** The same question as `POST /analytics/attribution/query` takes. */
export const readFlatAttribution = (
  flat: FlatAttribution
): { readonly question: AttributionQuestion } | { readonly errors: ReadonlyArray<FieldError> } => {
  const {
    conversion_event_types: types,
    conversion_filters,
    conversion_goal: goal,
    conversion_property: property,
    currency,
    filters,
    from,
    models,
    time_zone,
    to,
    uncertainty,
    ...rest
  } = flat
  const errors: Array<FieldError> = []
  /** Read and judged by the planner, as every filter is. */
  const filterOf = (text: string | undefined, name: string): { readonly filters?: Filter } => {
    if (text === undefined) return {}
    const parsed = parseJson(text, `/${name}`)
    if ("value" in parsed) return { filters: parsed.value as Filter }
    errors.push(parsed.error)
    return {}
  }
  const conversion = {
    ...(types === undefined ? {} : { event_types: listOf(types) }),
    ...(goal === undefined ? {} : { goal }),
    ...filterOf(conversion_filters, "conversion_filters"),
    ...(property === undefined ? {} : { property })
  }
  const named = models === undefined ? undefined : listOf(models)
  for (const [index, name] of (named ?? []).entries())
    if (!isModel(name))
      errors.push({ pointer: `/models/${index}`, code: "unknown_model", detail: unknown(name, attributionModels) })
  const question: AttributionQuestion = {
    ...rest,
    date_range: { from, to },
    ...(time_zone === undefined ? {} : { time_zone }),
    ...(currency === undefined ? {} : { currency }),
    ...(uncertainty === undefined ? {} : { uncertainty: uncertainty === "true" }),
    ...(named === undefined ? {} : { models: named.filter(isModel) }),
    ...(Object.keys(conversion).length === 0 ? {} : { conversion }),
    ...filterOf(filters, "filters")
  }
  return errors.length > 0 ? { errors } : { question }
}
