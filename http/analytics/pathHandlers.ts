import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { askFlatPaths, askPaths } from "../../domain/analytics/workflows/askPaths.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { pictured } from "./pictured.ts"
import { askedAt, measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "paths", (handlers) =>
  handlers.handleAll({
    ways: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(pictured("paths", query, measured(askedAt(workspace, query, askFlatPaths(workspace, query)))))
      ),
    ask: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(pictured("paths", {}, measured(askedAt(workspace, query, askPaths(workspace, payload)))))
      )
  })
)
