import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { StickinessQuestion, StickinessResult } from "../../../ports/analytics/StickinessQuestion.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readFlatActivity } from "../../questions/activity/flatActivity.ts"
import type { FlatActivity } from "../../questions/activity/flatActivity.ts"
import { planStickiness } from "../../questions/activity/planStickiness.ts"
import { shapeStickiness } from "../../questions/activity/shapeStickiness.ts"
import { formatExactly } from "../../zones/zones.ts"
import { answerFacts } from "./answerFacts.ts"
import { shownAggregate } from "../../questions/aggregateBy.ts"
import { questionScope } from "./askQuestion.ts"

/** How many people were active on how many intervals of a range. Errors name each wrong field. */
export const askStickiness = Effect.fn("askStickiness")(function* (
  workspace: WorkspaceId,
  question: StickinessQuestion
) {
  const store = yield* EventStore
  const read = planStickiness(question, yield* questionScope(workspace, question))
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const { plan, zone } = read.planned
  const answer = yield* store.answer(plan)
  const result: StickinessResult = {
    from: formatExactly(zone, plan.fromMillis),
    to: formatExactly(zone, plan.toMillis),
    ...shapeStickiness(plan, answer),
    ...shownAggregate(plan.accountType),
    ...(yield* answerFacts(workspace, read.planned, answer, [plan]))
  }
  return result
})

/** The same for the query string of a GET. */
export const askFlatStickiness = Effect.fnUntraced(function* (workspace: WorkspaceId, flat: FlatActivity) {
  const read = readFlatActivity(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  return yield* askStickiness(workspace, read.question)
})
