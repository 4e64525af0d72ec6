import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { askClicks, askFlatClicks } from "../../domain/analytics/workflows/askClicks.ts"
import { askFlatVitals, askVitals } from "../../domain/analytics/workflows/askVitals.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "clicks", (handlers) =>
  handlers.handleAll({
    elements: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(measured(askFlatClicks(workspace, query)))),
    askElements: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(measured(askClicks(workspace, payload)))),
    vitals: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(measured(askFlatVitals(workspace, query)))),
    askVitals: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(measured(askVitals(workspace, payload))))
  })
)
