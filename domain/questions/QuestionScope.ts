import type { SessionLimits } from "../../ports/analytics/SessionLimits.ts"
import type { SourceRules } from "../../ports/analytics/SessionPlan.ts"
import type { FilterScope } from "./planFilter.ts"

/** What a workspace decides about its answers. */
export interface QuestionScope extends FilterScope {
  readonly workspace: string
  readonly timeZone: string
  /** 1 is Monday. */
  readonly weekStart: number
  readonly currency: string
  readonly sessionLimits: SessionLimits
  readonly sources: SourceRules
  /** Of settings and rates; part of the watermark. */
  readonly revisions: string
}
