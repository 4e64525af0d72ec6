import { Effect } from "effect"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { hashValue } from "../../questions/hashQuestion.ts"
import { formatInstant } from "../../zones/zones.ts"
import { nameWarnings } from "./nameWarnings.ts"
import type { AskedNames } from "./nameWarnings.ts"

/** What every answer says of itself beside its numbers. `hashed` is all that the question decides. */
export const answerFacts = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  planned: AskedNames & { readonly zone: string },
  answer: { readonly asOfMillis: number | undefined; readonly watermark: string },
  hashed: ReadonlyArray<unknown>
) {
  const { zone } = planned
  return {
    as_of: answer.asOfMillis === undefined ? null : formatInstant(zone, answer.asOfMillis),
    time_zone: zone,
    watermark: answer.watermark,
    query_hash: hashValue([workspace, zone, ...hashed]),
    warnings: yield* nameWarnings(workspace, planned, answer.watermark)
  }
})
