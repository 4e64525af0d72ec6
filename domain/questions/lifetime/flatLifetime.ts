import { Result, Schema } from "effect"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { CustomerProfile } from "../../../ports/analytics/LifetimeModel.ts"
import type { LifetimeQuestion } from "../../../ports/analytics/LifetimeQuestion.ts"
import type { Filter } from "../../../ports/analytics/Question.ts"
import { parseJson } from "../flatQuestion.ts"

/** A question of lifetime value as the query string of a GET says it: the customer as JSON. */
export interface FlatLifetime extends Pick<
  LifetimeQuestion,
  "time_zone" | "currency" | "interval" | "periods" | "calibration_end" | "horizon_weeks" | "weekly_discount_rate"
> {
  readonly from: string
  readonly to: string
  readonly predict?: "true" | "false" | undefined
  readonly uncertainty?: "true" | "false" | undefined
  readonly filters?: string | undefined
  readonly customer?: string | undefined
}

const decodeProfile = Schema.decodeUnknownResult(CustomerProfile, { onExcessProperty: "error" })

/** The same question as `POST /analytics/ltv/query` takes. */
export const readFlatLifetime = (
  flat: FlatLifetime
): { readonly question: LifetimeQuestion } | { readonly errors: ReadonlyArray<FieldError> } => {
  const { customer: text, filters: filterText, from, predict, to, uncertainty, ...rest } = flat
  const filters = filterText === undefined ? undefined : parseJson(filterText, "/filters")
  if (filters !== undefined && "error" in filters) return { errors: [filters.error] }
  const question: LifetimeQuestion = {
    ...rest,
    date_range: { from, to },
    // Read and judged by the planner, as every filter is.
    ...(filters === undefined ? {} : { filters: filters.value as Filter }),
    ...(uncertainty === undefined ? {} : { uncertainty: uncertainty === "true" }),
    ...(predict === undefined ? {} : { predict: predict === "true" })
  }
  if (text === undefined) return { question }
  const parsed = parseJson(text, "/customer")
  if ("error" in parsed) return { errors: [parsed.error] }
  const decoded = decodeProfile(parsed.value)
  return Result.isSuccess(decoded)
    ? { question: { ...question, customer: decoded.success } }
    : { errors: [{ pointer: "/customer", code: "wrong_type", detail: decoded.failure.message }] }
}
