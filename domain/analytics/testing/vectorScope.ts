import { channelRulesOf } from "../../questions/channels.ts"
import type { QuestionScope } from "../../questions/QuestionScope.ts"
import { sourceRulesOf } from "../../questions/sessions/sessionRules.ts"

/** What the questions of vectors are planned with: nothing that a workspace decides. */
export const scopeOf = (workspace: string): QuestionScope => ({
  workspace,
  timeZone: "UTC",
  weekStart: 1,
  currency: "EUR",
  personalFields: [],
  channelRules: channelRulesOf([], []),
  asOf: "today",
  blindIndex: () => "",
  storedId: (id) => id,
  cohorts: new Map(),
  goals: new Map(),
  sessionLimits: { idleMillis: 1_800_000, maximumMillis: 86_400_000 },
  sources: sourceRulesOf([]),
  revisions: ""
})
