import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { LifecycleQuestion, LifecycleResult } from "../../../ports/analytics/LifecycleQuestion.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readFlatActivity } from "../../questions/activity/flatActivity.ts"
import type { FlatActivity } from "../../questions/activity/flatActivity.ts"
import { planLifecycle } from "../../questions/activity/planLifecycle.ts"
import { shapeLifecycle } from "../../questions/activity/shapeLifecycle.ts"
import { formatExactly } from "../../zones/zones.ts"
import { answerFacts } from "./answerFacts.ts"
import { shownAggregate } from "../../questions/aggregateBy.ts"
import { questionScope } from "./askQuestion.ts"

/** How many people are new, returning, resurrecting and dormant in each period. Errors name each wrong field. */
export const askLifecycle = Effect.fn("askLifecycle")(function* (workspace: WorkspaceId, question: LifecycleQuestion) {
  const store = yield* EventStore
  const read = planLifecycle(question, yield* questionScope(workspace, question))
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const { bucketStarts, plan, zone } = read.planned
  const answer = yield* store.answer(plan)
  const result: LifecycleResult = {
    from: formatExactly(zone, bucketStarts[1]!),
    to: formatExactly(zone, plan.toMillis),
    periods: shapeLifecycle(read.planned, answer),
    ...shownAggregate(plan.accountType),
    ...(yield* answerFacts(workspace, read.planned, answer, [plan]))
  }
  return result
})

/** The same for the query string of a GET. */
export const askFlatLifecycle = Effect.fnUntraced(function* (workspace: WorkspaceId, flat: FlatActivity) {
  const read = readFlatActivity(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  return yield* askLifecycle(workspace, read.question)
})
