import { Effect } from "effect"
import type { ClickQuestion, ClickResult } from "../../../ports/analytics/ClickQuestion.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readFlatPages } from "../../questions/pages/flatPages.ts"
import type { FlatPages } from "../../questions/pages/flatPages.ts"
import { planClicks } from "../../questions/pages/planClicks.ts"
import { shapeClicks } from "../../questions/pages/shapeClicks.ts"
import { formatExactly } from "../../zones/zones.ts"
import { answerFacts } from "./answerFacts.ts"
import { questionScope } from "./askQuestion.ts"

/** Which elements people click on, in anger and in vain. Errors name each wrong field. */
export const askClicks = Effect.fn("askClicks")(function* (workspace: WorkspaceId, question: ClickQuestion) {
  const store = yield* EventStore
  const read = planClicks(question, yield* questionScope(workspace, question))
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const { plan, zone } = read.planned
  const answer = yield* store.answer(plan)
  const result: ClickResult = {
    from: formatExactly(zone, plan.fromMillis),
    to: formatExactly(zone, plan.toMillis),
    ...shapeClicks(answer),
    ...(yield* answerFacts(workspace, read.planned, answer, [plan]))
  }
  return result
})

/** The same for the query string of a GET. */
export const askFlatClicks = Effect.fnUntraced(function* (workspace: WorkspaceId, flat: FlatPages<ClickQuestion>) {
  const read = readFlatPages<ClickQuestion>(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  return yield* askClicks(workspace, read.question)
})
