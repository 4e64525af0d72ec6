import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { planForTraffic } from "../../domain/experiments/workflows/planForTraffic.ts"
import { planFromTraffic } from "../../domain/experiments/workflows/planFromTraffic.ts"
import { proveOnTraffic } from "../../domain/experiments/workflows/proveOnTraffic.ts"
import { provePeeking } from "../../domain/experiments/workflows/provePeeking.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"

export const layer = HttpApiBuilder.group(ServedApi, "experimentPlans", (handlers) =>
  handlers.handleAll({
    plan: ({ payload }) => answerProblems(planForTraffic(payload)),
    planFromTraffic: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(planFromTraffic(workspace, payload))),
    proveOnTraffic: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(proveOnTraffic(workspace, payload))),
    proof: ({ payload }) => answerProblems(provePeeking(payload))
  })
)
