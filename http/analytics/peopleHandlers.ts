import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { listPeopleBehind, savePeopleBehind } from "../../domain/analytics/workflows/peopleBehind.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { withLocation } from "../middleware/revisions.ts"
import { askedAt } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "people", (handlers) =>
  handlers.handleAll({
    ask: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(askedAt(workspace, query, listPeopleBehind(workspace, payload)))
      ),
    keep: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(savePeopleBehind(principal, payload), (made) => withLocation("/analytics/cohorts", made))
        )
      )
  })
)
