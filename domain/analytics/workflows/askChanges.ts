import { Effect } from "effect"
import { answerChangesMax } from "../../../ports/analytics/AnswerChanges.ts"
import type { AnswerChange, AnswerChanges, ChangesQuestion } from "../../../ports/analytics/AnswerChanges.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { changesOf } from "../../questions/changesOf.ts"
import { askAny } from "./askAny.ts"
import { askAt } from "./askAt.ts"

/** What late events, merges and whatever else came since have changed in an answer. */
export const askChanges = Effect.fn("askChanges")(function* (
  workspace: WorkspaceId,
  { question, since }: ChangesQuestion
) {
  const ask = askAny(workspace, question).pipe(
    Effect.mapError((failure) =>
      failure._tag === "InvalidQuestion"
        ? new InvalidQuestion({
            errors: failure.errors.map((each) => ({ ...each, pointer: `/question${each.pointer}` }))
          })
        : failure
    )
  )
  const before = yield* askAt(workspace, since, ask, ({ result }) => result.watermark, "/since")
  const { result } = yield* ask
  const changes: Array<AnswerChange> = []
  for (const change of changesOf(before.result, result)) {
    changes.push(change)
    if (changes.length > answerChangesMax) break
  }
  const answer: AnswerChanges = {
    since,
    watermark: result.watermark,
    query_hash: result.query_hash,
    changes: changes.slice(0, answerChangesMax),
    more: changes.length > answerChangesMax
  }
  return answer
})
