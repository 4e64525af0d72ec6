import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { askClicks, askFlatClicks } from "../../domain/analytics/workflows/askClicks.ts"
import { askFlatVitals, askVitals } from "../../domain/analytics/workflows/askVitals.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { askedAt, measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "clicks", (handlers) =>
  handlers.handleAll({
    elements: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(measured(askedAt(workspace, query, askFlatClicks(workspace, query))))
      ),
    askElements: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(measured(askedAt(workspace, query, askClicks(workspace, payload))))
      ),
    vitals: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(measured(askedAt(workspace, query, askFlatVitals(workspace, query))))
      ),
    askVitals: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(measured(askedAt(workspace, query, askVitals(workspace, payload))))
      )
  })
)
