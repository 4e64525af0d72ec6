import type { PlanKind, Plans, QueryPlan } from "../../ports/analytics/QueryPlan.ts"
import { answerAccounts } from "./account.ts"
import { answerAttribution } from "./attribution.ts"
import { answerClicks } from "./click.ts"
import type { Read } from "./Engine.ts"
import { answerExperiment } from "./experiment.ts"
import { answerFunnel } from "./funnel.ts"
import { answerHeatmap } from "./heatmap.ts"
import { answerLifetime } from "./lifetime.ts"
import { answerLifecycle } from "./lifecycle.ts"
import { answerMembership } from "./membership.ts"
import { answerPaths } from "./path.ts"
import { answerPeople } from "./people.ts"
import { answerRetention } from "./retention.ts"
import { answerSessionList, answerSessions } from "./session.ts"
import { answerStickiness } from "./stickiness.ts"
import { answerTrend } from "./trend.ts"
import { answerVitals } from "./vital.ts"

/** How each kind of plan is answered. */
const answers: { readonly [Kind in PlanKind]: (read: Read, plan: QueryPlan<Kind>) => Promise<Plans[Kind]["rows"]> } = {
  account: answerAccounts,
  attribution: answerAttribution,
  click: answerClicks,
  experiment: answerExperiment,
  funnel: answerFunnel,
  heatmap: answerHeatmap,
  lifetime: answerLifetime,
  lifecycle: answerLifecycle,
  membership: answerMembership,
  path: answerPaths,
  people: answerPeople,
  retention: answerRetention,
  session: answerSessions,
  session_list: answerSessionList,
  stickiness: answerStickiness,
  trend: answerTrend,
  vital: answerVitals
}

export const answerOf = <Kind extends PlanKind>(read: Read, plan: QueryPlan<Kind>): Promise<Plans[Kind]["rows"]> =>
  answers[plan.kind](read, plan)
