import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { askFlatLifecycle, askLifecycle } from "../../domain/analytics/workflows/askLifecycle.ts"
import { askFlatStickiness, askStickiness } from "../../domain/analytics/workflows/askStickiness.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { pictured } from "./pictured.ts"
import { askedAt, measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "activity", (handlers) =>
  handlers.handleAll({
    stickiness: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          pictured("stickiness", query, measured(askedAt(workspace, query, askFlatStickiness(workspace, query))))
        )
      ),
    askStickiness: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          pictured("stickiness", {}, measured(askedAt(workspace, query, askStickiness(workspace, payload))))
        )
      ),
    lifecycle: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          pictured("lifecycle", query, measured(askedAt(workspace, query, askFlatLifecycle(workspace, query))))
        )
      ),
    askLifecycle: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(pictured("lifecycle", {}, measured(askedAt(workspace, query, askLifecycle(workspace, payload)))))
      )
  })
)
