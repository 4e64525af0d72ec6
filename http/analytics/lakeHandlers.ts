import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { askSql } from "../../domain/analytics/workflows/askSql.ts"
import { holdsScope } from "../../domain/platform/tokens.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "lake", (handlers) =>
  handlers.handleAll({
    sql: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.map(
            measured(
              askSql({ ...principal, mayReadPersonalData: holdsScope(principal, "pii:read") }, payload, query.watermark)
            ),
            (json) => HttpServerResponse.text(json, { contentType: "application/json" })
          )
        )
      )
  })
)
