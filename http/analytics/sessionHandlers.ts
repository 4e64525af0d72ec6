import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { askFlatSessions, askSessions, listSessions } from "../../domain/analytics/workflows/askSessions.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { pictured } from "./pictured.ts"
import { askedAt, measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "sessions", (handlers) =>
  handlers.handleAll({
    sessions: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          pictured("sessions", query, measured(askedAt(workspace, query, askFlatSessions(workspace, query))))
        )
      ),
    ask: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(pictured("sessions", {}, measured(askedAt(workspace, query, askSessions(workspace, payload)))))
      ),
    list: ({ query: { limit = limitUsual, watermark, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(askedAt(workspace, { watermark }, listSessions(workspace, { limit, ...query })), paged)
        )
      )
  })
)
