import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { PlanField } from "../../../ports/analytics/PlanFilter.ts"
import { dimensionNames, fieldOf, isEncrypted } from "../names.ts"
import { nearest } from "../nearest.ts"
import type { QuestionScope } from "../QuestionScope.ts"

/** What says nothing of a person before the exposure, or is only known of today. */
const unsuitable = /^(?:event_type|user_id|anonymous_id|session_id|cohort:.*)$/u

const suitable = dimensionNames.filter((name) => !unsuitable.test(name))

/** What people are told apart by, as it stood at their first exposure; or why they cannot be. */
export const planDimension = (dimension: string, scope: QuestionScope): PlanField | FieldError => {
  const pointer = "/dimension"
  if (unsuitable.test(dimension)) {
    return { pointer, code: "unsuitable_dimension", detail: `experiments are not told apart by ${dimension}` }
  }
  const field = fieldOf(dimension, { ...scope, asOf: "event" })
  if (field === undefined) {
    const near = nearest(dimension, suitable)
    const hint = near === undefined ? `one of ${suitable.join(", ")}` : `did you mean ${near}?`
    return { pointer, code: "unknown_dimension", detail: `there is no dimension ${dimension}; ${hint}` }
  }
  return isEncrypted(field, scope.personalFields)
    ? { pointer, code: "encrypted_field", detail: `${dimension} is encrypted` }
    : field
}
