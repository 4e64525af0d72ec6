import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { askAttribution, askFlatAttribution } from "../../domain/analytics/workflows/askAttribution.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { pictured } from "./pictured.ts"
import { askedAt, measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "attribution", (handlers) =>
  handlers.handleAll({
    credits: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          pictured("attribution", query, measured(askedAt(workspace, query, askFlatAttribution(workspace, query))))
        )
      ),
    ask: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          pictured("attribution", {}, measured(askedAt(workspace, query, askAttribution(workspace, payload))))
        )
      )
  })
)
