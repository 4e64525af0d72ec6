import { HttpApiBuilder } from "effect/http-api"
import { planForTraffic } from "../../domain/experiments/workflows/planForTraffic.ts"
import { provePeeking } from "../../domain/experiments/workflows/provePeeking.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"

export const layer = HttpApiBuilder.group(ServedApi, "experimentPlans", (handlers) =>
  handlers.handleAll({
    plan: ({ payload }) => answerProblems(planForTraffic(payload)),
    proof: ({ payload }) => answerProblems(provePeeking(payload))
  })
)
