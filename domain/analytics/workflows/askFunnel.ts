import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { FunnelQuestion, FunnelResult } from "../../../ports/analytics/FunnelQuestion.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { planFunnel } from "../../questions/funnel/planFunnel.ts"
import { shapeFunnel } from "../../questions/funnel/shapeFunnel.ts"
import { hashValue } from "../../questions/hashQuestion.ts"
import { formatExactly, formatInstant } from "../../zones/zones.ts"
import { shownAggregate } from "../../questions/aggregateBy.ts"
import { questionScope } from "./askQuestion.ts"
import { nameWarnings } from "./nameWarnings.ts"

/** How many people come how far, and how long it takes them. Errors name each wrong field. */
export const askFunnel = Effect.fn("askFunnel")(function* (workspace: WorkspaceId, question: FunnelQuestion) {
  const store = yield* EventStore
  const read = planFunnel(question, yield* questionScope(workspace, question))
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const { planned } = read
  const { plan, zone } = planned
  const answer = yield* store.answer(plan)
  const result: FunnelResult = {
    from: formatExactly(zone, plan.fromMillis),
    to: formatExactly(zone, plan.toMillis),
    ...shapeFunnel(planned, answer),
    ...shownAggregate(plan.accountType),
    as_of: answer.asOfMillis === undefined ? null : formatInstant(zone, answer.asOfMillis),
    time_zone: zone,
    watermark: answer.watermark,
    query_hash: hashValue([workspace, zone, planned.stepNames, plan]),
    warnings: yield* nameWarnings(workspace, planned, answer.watermark)
  }
  return result
})
