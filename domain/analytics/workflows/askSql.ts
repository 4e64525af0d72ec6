import { Effect } from "effect"
import { EventLake, sqlBytesMax, sqlRowsUsual } from "../../../ports/analytics/EventLake.ts"
import type { SqlRequest } from "../../../ports/analytics/SqlRequest.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { Actor } from "../../platform/audit.ts"
import { openReferences } from "../../privacy/openReferences.ts"
import { restrictedIdsLately } from "../privacy/restrictions.ts"
import { currentMerges } from "./mergePeople.ts"
import { permitPersonalData } from "./permitPersonalData.ts"

export interface LakeActor extends Actor {
  readonly mayReadPersonalData: boolean
}

/** Files are written anew as events come: what they were is not kept. */
const noHistory = () =>
  new InvalidQuestion({
    errors: [
      {
        pointer: "/watermark",
        code: "no_history",
        detail: "SQL reads the files as they are now; ask POST /analytics/query for an answer from before"
      }
    ]
  })

/** The answer as JSON: rows were text when they came, and are not read again. */
export const askSql = Effect.fn("askSql")(function* (actor: LakeActor, request: SqlRequest, watermark?: string) {
  if (watermark !== undefined) return yield* noHistory()
  const lake = yield* EventLake
  const { workspace } = actor
  const { limit = sqlRowsUsual, personal_data: personalColumns = false, query } = request
  if (personalColumns) yield* permitPersonalData(actor, "lake/sql")
  const merges = yield* currentMerges(workspace)
  const restricted = yield* restrictedIdsLately(workspace)
  const answer = yield* lake
    .select({ workspace, sql: query, rowsMax: limit, merges, restricted, personalColumns })
    .pipe(
      Effect.catchTag("SqlRefused", ({ detail }) =>
        Effect.fail(new InvalidQuestion({ errors: [{ pointer: "/query", code: "invalid_sql", detail }] }))
      )
    )
  const rows = personalColumns ? yield* openReferences(workspace, answer.rowsJson, "json") : answer.rowsJson
  const { columns, state, truncatedBy } = answer
  const rest = {
    row_count: answer.rows,
    truncated: truncatedBy ?? null,
    limits: { rows: limit, bytes: sqlBytesMax },
    complete_to: completeTo(state.completeToMicros),
    watermark: state.watermark
  }
  return `{"columns":${JSON.stringify(columns)},"rows":${rows},${JSON.stringify(rest).slice(1)}`
})

export const completeTo = (micros: number): string | null =>
  micros === 0 ? null : new Date(Math.floor(micros / 1000)).toISOString()
