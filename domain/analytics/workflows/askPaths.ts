import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { PathQuestion, PathResult } from "../../../ports/analytics/PathQuestion.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readFlatPaths } from "../../questions/paths/flatPaths.ts"
import type { FlatPaths } from "../../questions/paths/flatPaths.ts"
import { planPaths } from "../../questions/paths/planPaths.ts"
import { shapePaths } from "../../questions/paths/shapePaths.ts"
import { formatExactly } from "../../zones/zones.ts"
import { answerFacts } from "./answerFacts.ts"
import { questionScope } from "./askQuestion.ts"

/** Which ways people take from an event or to one, and where they leave. Errors name each wrong field. */
export const askPaths = Effect.fn("askPaths")(function* (workspace: WorkspaceId, question: PathQuestion) {
  const store = yield* EventStore
  const read = planPaths(question, yield* questionScope(workspace, question))
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const { plan, zone } = read.planned
  const answer = yield* store.answer(plan)
  const result: PathResult = {
    from: formatExactly(zone, plan.fromMillis),
    to: formatExactly(zone, plan.toMillis),
    ...shapePaths(answer),
    ...(yield* answerFacts(workspace, read.planned, answer, [plan]))
  }
  return result
})

/** The same for the query string of a GET. */
export const askFlatPaths = Effect.fnUntraced(function* (workspace: WorkspaceId, flat: FlatPaths) {
  const read = readFlatPaths(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  return yield* askPaths(workspace, read.question)
})
