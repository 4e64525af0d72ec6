import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { PlanField } from "../../../ports/analytics/PlanFilter.ts"
import { dimensionNames, fieldOf, isEncrypted } from "../names.ts"
import { nearest } from "../nearest.ts"
import type { QuestionScope } from "../QuestionScope.ts"

/** What says nothing of a person before the exposure, or is only known of today. */
const unsuitable = /^(?:event_type|user_id|anonymous_id|session_id|cohort:.*)$/u

const suitable = dimensionNames.filter((name) => !unsuitable.test(name))

/** A field, and whether the first or the last value that events up to the exposure brought counts. */
export interface PlannedDimension {
  readonly field: PlanField
  readonly which: "first" | "last"
}

const firstPrefix = "first:"

/**
 * What people are told apart by, as it stood at their first exposure; or why they cannot be. `first:source` is where they
 * came from first of all, `source` where they came from last before it.
 */
export const planDimension = (asked: string, scope: QuestionScope): PlannedDimension | FieldError => {
  const pointer = "/dimension"
  const isFirst = asked.startsWith(firstPrefix)
  const dimension = isFirst ? asked.slice(firstPrefix.length) : asked
  if (unsuitable.test(dimension)) {
    return { pointer, code: "unsuitable_dimension", detail: `experiments are not told apart by ${dimension}` }
  }
  const field = fieldOf(dimension, { ...scope, asOf: "event" })
  if (field === undefined) {
    const near = nearest(dimension, suitable)
    const hint = near === undefined ? `one of ${suitable.join(", ")}` : `did you mean ${near}?`
    return { pointer, code: "unknown_dimension", detail: `there is no dimension ${dimension}; ${hint}` }
  }
  if (isEncrypted(field, scope.personalFields)) {
    return { pointer, code: "encrypted_field", detail: `${dimension} is encrypted` }
  }
  if (isFirst && (field.kind === "trait" || field.kind === "account" || field.kind === "account_trait")) {
    return { pointer, code: "unsuitable_dimension", detail: `${dimension} is what stood last, not what came first` }
  }
  return { field, which: isFirst ? "first" : "last" }
}
