import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { askFlatRetention, askRetention } from "../../domain/analytics/workflows/askRetention.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { pictured } from "./pictured.ts"
import { askedAt, measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "retention", (handlers) =>
  handlers.handleAll({
    curves: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          pictured("retention", query, measured(askedAt(workspace, query, askFlatRetention(workspace, query))))
        )
      ),
    ask: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(pictured("retention", {}, measured(askedAt(workspace, query, askRetention(workspace, payload)))))
      )
  })
)
