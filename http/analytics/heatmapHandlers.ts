import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { askFlatHeatmap, askHeatmap, listHeatmapPages } from "../../domain/analytics/workflows/askHeatmap.ts"
import { drawHeatmap } from "../../domain/questions/pages/drawHeatmap.ts"
import type { HeatmapResult } from "../../ports/analytics/HeatmapQuestion.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { measured } from "./queryMetrics.ts"

/** The map as JSON, or as a picture where the client asks for one first. */
const asAsked = <E, R>(answer: Effect.Effect<HeatmapResult, E, R>) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) =>
    Effect.map(answer, (result) =>
      (headers["accept"] ?? "").trimStart().startsWith("image/svg+xml")
        ? HttpServerResponse.text(drawHeatmap(result), { contentType: "image/svg+xml", headers: { vary: "accept" } })
        : result
    )
  )

export const layer = HttpApiBuilder.group(ServedApi, "heatmaps", (handlers) =>
  handlers.handleAll({
    heatmap: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(asAsked(measured(askFlatHeatmap(workspace, query))))
      ),
    ask: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(asAsked(measured(askHeatmap(workspace, payload))))
      ),
    pages: ({ query: { limit = limitUsual, ...rest } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(measured(listHeatmapPages(workspace, { ...rest, limit })))
      )
  })
)
