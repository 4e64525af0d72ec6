import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { askFlatLifetime, askLifetime } from "../../domain/analytics/workflows/askLifetime.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { pictured } from "./pictured.ts"
import { askedAt, measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "ltv", (handlers) =>
  handlers.handleAll({
    values: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(pictured("ltv", query, measured(askedAt(workspace, query, askFlatLifetime(workspace, query)))))
      ),
    ask: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(pictured("ltv", {}, measured(askedAt(workspace, query, askLifetime(workspace, payload)))))
      )
  })
)
