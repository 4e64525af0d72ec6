import type { ClickPlan } from "../../../ports/analytics/ClickPlan.ts"
import type { ClickQuestion } from "../../../ports/analytics/ClickQuestion.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { planPages } from "./planPages.ts"
import type { PlannedPages } from "./planPages.ts"

export interface PlannedClicks extends PlannedPages {
  readonly plan: ClickPlan
}

/** Clicks by element with every name and range resolved, or everything that is wrong with it. Knows no engine. */
export const planClicks = (
  { order = "rage", ...question }: ClickQuestion,
  scope: QuestionScope
): { readonly planned: PlannedClicks } | { readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const pages = planPages(question, scope, errors)
  if (pages === undefined) return { errors }
  return { planned: { ...pages, plan: { ...pages.selection, kind: "click", order } } }
}
