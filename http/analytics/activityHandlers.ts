import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { askFlatLifecycle, askLifecycle } from "../../domain/analytics/workflows/askLifecycle.ts"
import { askFlatStickiness, askStickiness } from "../../domain/analytics/workflows/askStickiness.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { pictured } from "./pictured.ts"
import { measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "activity", (handlers) =>
  handlers.handleAll({
    stickiness: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(pictured("stickiness", query, measured(askFlatStickiness(workspace, query))))
      ),
    askStickiness: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(pictured("stickiness", {}, measured(askStickiness(workspace, payload))))
      ),
    lifecycle: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(pictured("lifecycle", query, measured(askFlatLifecycle(workspace, query))))
      ),
    askLifecycle: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(pictured("lifecycle", {}, measured(askLifecycle(workspace, payload))))
      )
  })
)
