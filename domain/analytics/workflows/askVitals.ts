import { Effect } from "effect"
import type { VitalQuestion, VitalResult } from "../../../ports/analytics/VitalQuestion.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readFlatPages } from "../../questions/pages/flatPages.ts"
import type { FlatPages } from "../../questions/pages/flatPages.ts"
import { planVitals } from "../../questions/pages/planVitals.ts"
import { shapeVitals } from "../../questions/pages/shapeVitals.ts"
import { formatExactly } from "../../zones/zones.ts"
import { answerFacts } from "./answerFacts.ts"
import { questionScope } from "./askQuestion.ts"

/** How fast pages load and answer. Errors name each wrong field. */
export const askVitals = Effect.fn("askVitals")(function* (workspace: WorkspaceId, question: VitalQuestion) {
  const store = yield* EventStore
  const read = planVitals(question, yield* questionScope(workspace, question))
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const { plan, zone } = read.planned
  const answer = yield* store.answer(plan)
  const result: VitalResult = {
    from: formatExactly(zone, plan.fromMillis),
    to: formatExactly(zone, plan.toMillis),
    ...shapeVitals(answer),
    ...(yield* answerFacts(workspace, read.planned, answer, [plan]))
  }
  return result
})

/** The same for the query string of a GET. */
export const askFlatVitals = Effect.fnUntraced(function* (workspace: WorkspaceId, flat: FlatPages<VitalQuestion>) {
  const read = readFlatPages<VitalQuestion>(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  return yield* askVitals(workspace, read.question)
})
