import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { RetentionQuestion, RetentionResult } from "../../../ports/analytics/RetentionQuestion.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readFlatRetention } from "../../questions/retention/flatRetention.ts"
import type { FlatRetention } from "../../questions/retention/flatRetention.ts"
import { planRetention } from "../../questions/retention/planRetention.ts"
import { shapeRetention } from "../../questions/retention/shapeRetention.ts"
import { meanIntervals, retentionRequest, retentionStatistics } from "../../questions/retention/uncertainRetention.ts"
import { formatExactly } from "../../zones/zones.ts"
import { answerFacts } from "./answerFacts.ts"
import { drawIntervals } from "./drawIntervals.ts"
import { shownAggregate } from "../../questions/aggregateBy.ts"
import { questionScope } from "./askQuestion.ts"

/** How many people of each cohort come back in each period. Errors name each wrong field. */
export const askRetention = Effect.fn("askRetention")(function* (workspace: WorkspaceId, question: RetentionQuestion) {
  const store = yield* EventStore
  const read = planRetention(question, yield* questionScope(workspace, question))
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const { planned } = read
  const { bucketStarts, orAfter, periods, plan, weighted, zone } = planned
  const answer = yield* store.answer(plan)
  const shaped = shapeRetention(planned, answer)
  const facts = yield* answerFacts(workspace, planned, answer, [periods, orAfter, weighted, plan])
  const drawn =
    answer.people === undefined
      ? undefined
      : yield* drawIntervals(answer.people, retentionStatistics(planned, shaped.cohorts), (rows) =>
          retentionRequest(planned, shaped.cohorts, rows, `${facts.query_hash}|${facts.watermark}`)
        )
  const result: RetentionResult = {
    from: formatExactly(zone, plan.fromMillis),
    to: formatExactly(zone, bucketStarts[plan.cohortCount]!),
    ...shaped,
    ...(drawn === undefined ? {} : { mean_intervals: meanIntervals(drawn) }),
    ...shownAggregate(plan.accountType),
    ...facts
  }
  return result
})

/** The same for the query string of a GET. */
export const askFlatRetention = Effect.fnUntraced(function* (workspace: WorkspaceId, flat: FlatRetention) {
  const read = readFlatRetention(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  return yield* askRetention(workspace, read.question)
})
