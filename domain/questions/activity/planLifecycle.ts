import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { LifecyclePlan } from "../../../ports/analytics/LifecyclePlan.ts"
import { lifecyclePeriodsMax } from "../../../ports/analytics/LifecycleQuestion.ts"
import type { LifecycleQuestion } from "../../../ports/analytics/LifecycleQuestion.ts"
import { bucketRuns } from "../../zones/buckets.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import type { PlannedSelection } from "../selection.ts"
import { readActivity, startsAround } from "./readActivity.ts"

export interface PlannedLifecycle extends Pick<PlannedSelection, "named" | "types"> {
  readonly plan: LifecyclePlan
  readonly zone: string
  /** Of the plan's buckets, and the end of the last. */
  readonly bucketStarts: ReadonlyArray<number>
}

/** A lifecycle with every name, zone and period resolved, or everything that is wrong with it. Knows no engine. */
export const planLifecycle = (
  question: LifecycleQuestion,
  scope: QuestionScope
): { readonly planned: PlannedLifecycle } | { readonly errors: ReadonlyArray<FieldError> } => {
  const read = readActivity(question, scope, lifecyclePeriodsMax)
  if ("errors" in read) return read
  const { selection, unit, zone } = read.activity
  const bucketStarts = startsAround(question, scope, read.activity)
  const toMillis = bucketStarts.at(-1)!
  return {
    planned: {
      plan: {
        kind: "lifecycle",
        workspace: scope.workspace,
        revisions: scope.revisions,
        fromMillis: bucketStarts[0]!,
        toMillis,
        buckets: bucketRuns(bucketStarts.slice(0, -1), toMillis),
        bucketCount: bucketStarts.length - 1,
        filter: selection.filter,
        ...unit
      },
      zone,
      bucketStarts,
      named: selection.named,
      types: selection.types
    }
  }
}
