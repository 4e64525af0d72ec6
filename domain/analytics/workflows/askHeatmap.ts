import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { HeatmapQuestion, HeatmapResult } from "../../../ports/analytics/HeatmapQuestion.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readFlatPages } from "../../questions/pages/flatPages.ts"
import type { FlatPages } from "../../questions/pages/flatPages.ts"
import { planHeatmap } from "../../questions/pages/planHeatmap.ts"
import { shapeHeatmap } from "../../questions/pages/shapeHeatmap.ts"
import { formatExactly } from "../../zones/zones.ts"
import { answerFacts } from "./answerFacts.ts"
import { askQuestion, questionScope } from "./askQuestion.ts"

/** Where people click on a page and how far they scroll. Errors name each wrong field. */
export const askHeatmap = Effect.fn("askHeatmap")(function* (workspace: WorkspaceId, question: HeatmapQuestion) {
  const store = yield* EventStore
  const read = planHeatmap(question, yield* questionScope(workspace, question))
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const { plan, zone } = read.planned
  const answer = yield* store.answer(plan)
  const result: HeatmapResult = {
    from: formatExactly(zone, plan.fromMillis),
    to: formatExactly(zone, plan.toMillis),
    path: question.path,
    columns: plan.columns,
    rows: plan.rows,
    maps: shapeHeatmap(answer),
    ...(yield* answerFacts(workspace, read.planned, answer, [plan]))
  }
  return result
})

/** The same for the query string of a GET. */
export const askFlatHeatmap = Effect.fnUntraced(function* (workspace: WorkspaceId, flat: FlatPages<HeatmapQuestion>) {
  const read = readFlatPages<HeatmapQuestion>(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  return yield* askHeatmap(workspace, read.question)
})

/** Pages that were clicked on, those with most clicks first. */
export const listHeatmapPages = (
  workspace: WorkspaceId,
  {
    from,
    limit,
    offset = 0,
    time_zone,
    to
  }: {
    readonly from: string
    readonly to: string
    readonly time_zone?: string
    readonly limit: number
    readonly offset?: number
  }
) =>
  Effect.map(
    askQuestion(workspace, {
      date_range: { from, to },
      ...(time_zone === undefined ? {} : { time_zone }),
      event_types: ["element_clicked"],
      metrics: ["events", "people"],
      dimensions: ["host", "path"],
      order_by: { metric: "events", direction: "descending" },
      pagination: { limit, offset }
    }),
    ({ next_offset, rows, time_zone: zone, warnings, watermark, ...period }) => ({
      from: period.from,
      to: period.to,
      items: rows
        .filter(({ other }) => other === undefined)
        .map(({ metrics, values: [host = null, path = null] }) => ({
          host,
          path,
          clicks: Number(metrics["events"]),
          people: Number(metrics["people"])
        })),
      next_offset,
      time_zone: zone,
      watermark,
      warnings
    })
  )
