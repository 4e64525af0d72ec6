import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { askFlatHeatmap, askHeatmap, listHeatmapPages } from "../../domain/analytics/workflows/askHeatmap.ts"
import { drawHeatmap } from "../../domain/questions/pages/drawHeatmap.ts"
import type { HeatmapResult } from "../../ports/analytics/HeatmapQuestion.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { asAccepted, svgAnswer } from "./pictured.ts"
import { askedAt, measured } from "./queryMetrics.ts"

const asAsked = <E, R>(answer: Effect.Effect<HeatmapResult, E, R>) =>
  asAccepted(answer, (result) => Effect.succeed(svgAnswer(drawHeatmap(result))))

export const layer = HttpApiBuilder.group(ServedApi, "heatmaps", (handlers) =>
  handlers.handleAll({
    heatmap: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(asAsked(measured(askedAt(workspace, query, askFlatHeatmap(workspace, query)))))
      ),
    ask: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(asAsked(measured(askedAt(workspace, query, askHeatmap(workspace, payload)))))
      ),
    pages: ({ query: { limit = limitUsual, ...rest } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(measured(listHeatmapPages(workspace, { ...rest, limit })))
      )
  })
)
