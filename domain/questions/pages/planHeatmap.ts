import type { HeatmapPlan } from "../../../ports/analytics/HeatmapPlan.ts"
import {
  heatmapColumnsMax,
  heatmapColumnsUsual,
  heatmapRowsMax,
  heatmapRowsUsual
} from "../../../ports/analytics/HeatmapQuestion.ts"
import type { HeatmapQuestion } from "../../../ports/analytics/HeatmapQuestion.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import type { Report } from "../Report.ts"
import { planPages, within } from "./planPages.ts"
import type { PlannedPages } from "./planPages.ts"

export interface PlannedHeatmap extends PlannedPages {
  readonly plan: HeatmapPlan
}

/** A heatmap with every name, range and limit resolved, or everything that is wrong with it. Knows no engine. */
export const planHeatmap = (
  question: HeatmapQuestion,
  scope: QuestionScope
): { readonly planned: PlannedHeatmap } | { readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const report: Report = (pointer, code, detail) => void errors.push({ pointer, code, detail })
  const columns = within(question.columns, "columns", heatmapColumnsUsual, heatmapColumnsMax, report)
  const rows = within(question.rows, "rows", heatmapRowsUsual, heatmapRowsMax, report)
  const pages = planPages(question, scope, errors)
  if (pages === undefined) return { errors }
  return { planned: { ...pages, plan: { ...pages.selection, kind: "heatmap", columns, rows } } }
}
