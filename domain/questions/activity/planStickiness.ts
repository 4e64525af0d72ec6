import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { StickinessPlan } from "../../../ports/analytics/StickinessPlan.ts"
import { stickinessIntervalsMax } from "../../../ports/analytics/StickinessQuestion.ts"
import type { StickinessQuestion } from "../../../ports/analytics/StickinessQuestion.ts"
import { bucketRuns } from "../../zones/buckets.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import type { PlannedSelection } from "../selection.ts"
import { readActivity } from "./readActivity.ts"

export interface PlannedStickiness extends Pick<PlannedSelection, "named" | "types"> {
  readonly plan: StickinessPlan
  readonly zone: string
}

/** Stickiness with every name, zone and interval resolved, or everything that is wrong with it. Knows no engine. */
export const planStickiness = (
  question: StickinessQuestion,
  scope: QuestionScope
): { readonly planned: PlannedStickiness } | { readonly errors: ReadonlyArray<FieldError> } => {
  const read = readActivity(question, scope, stickinessIntervalsMax)
  if ("errors" in read) return read
  const { range, selection, starts, unit, zone } = read.activity
  const { fromMillis, toMillis } = range
  return {
    planned: {
      plan: {
        kind: "stickiness",
        workspace: scope.workspace,
        revisions: scope.revisions,
        fromMillis,
        toMillis,
        buckets: bucketRuns(starts, toMillis),
        bucketCount: starts.length,
        filter: selection.filter,
        ...unit
      },
      zone,
      named: selection.named,
      types: selection.types
    }
  }
}
