import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { VitalPlan } from "../../../ports/analytics/VitalPlan.ts"
import type { VitalQuestion } from "../../../ports/analytics/VitalQuestion.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { planPages } from "./planPages.ts"
import type { PlannedPages } from "./planPages.ts"

export interface PlannedVitals extends PlannedPages {
  readonly plan: VitalPlan
}

/** Web vitals with every name and range resolved, or everything that is wrong with it. Knows no engine. */
export const planVitals = (
  question: VitalQuestion,
  scope: QuestionScope
): { readonly planned: PlannedVitals } | { readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const pages = planPages(question, scope, errors)
  if (pages === undefined) return { errors }
  return { planned: { ...pages, plan: { ...pages.selection, kind: "vital" } } }
}
