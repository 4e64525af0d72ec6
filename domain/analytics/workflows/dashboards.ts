import { Effect } from "effect"
import { dashboards, tilesAtOnceMax } from "../../../ports/analytics/Dashboard.ts"
import type { Dashboard, DashboardAnswers, NewDashboard, TileAnswer } from "../../../ports/analytics/Dashboard.ts"
import { insights } from "../../../ports/analytics/Insight.ts"
import type { Insight } from "../../../ports/analytics/Insight.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { createItem, gatherItems, readItem, replaceItem } from "../../platform/resources.ts"
import type { User } from "../../platform/resources.ts"
import { askAny } from "./askAny.ts"

/** Refuses tiles whose insight is not there. */
const check = Effect.fnUntraced(function* (workspace: WorkspaceId, { tiles }: NewDashboard) {
  const documents = yield* DocumentStore
  const known = yield* Effect.forEach(tiles, ({ insight }) => documents.get(workspace, insights.name, insight))
  const errors = tiles.flatMap(({ insight }, index) =>
    known[index] === undefined
      ? [{ pointer: `/tiles/${index}/insight`, code: "unknown_insight", detail: `there is no insight ${insight}` }]
      : []
  )
  if (errors.length > 0) {
    return yield* new Refused({ kind: "unprocessable", detail: "a tile shows nothing that is there", errors })
  }
})

export const createDashboard = Effect.fnUntraced(function* (actor: Actor, definition: NewDashboard) {
  yield* check(actor.workspace, definition)
  return yield* createItem(dashboards, actor, definition)
})

export const replaceDashboard = Effect.fnUntraced(function* (
  actor: Actor,
  id: string,
  definition: NewDashboard,
  revision: number
) {
  yield* check(actor.workspace, definition)
  return yield* replaceItem(dashboards, actor, id, definition, revision)
})

const answerTile = Effect.fnUntraced(function* (workspace: WorkspaceId, tile: Dashboard["tiles"][number]) {
  const { item } = yield* readItem<Insight>(insights, workspace, tile.insight)
  const title = tile.title ?? item.name
  const answered: TileAnswer = {
    insight: tile.insight,
    title,
    outcome: "answered",
    answer: yield* askAny(workspace, item.question)
  }
  return answered
})

/** All tiles, two at a time; one that fails says so in its own place. */
export const answerDashboard = Effect.fn("answerDashboard")(function* (workspace: WorkspaceId, id: string) {
  const { item } = yield* readItem<Dashboard>(dashboards, workspace, id)
  const tiles = yield* Effect.forEach(
    item.tiles,
    (tile) =>
      Effect.catch(answerTile(workspace, tile), (failure) => {
        const detail = failure._tag === "InvalidQuestion" ? failure.errors[0]?.detail : failure.message
        const failed: TileAnswer = {
          insight: tile.insight,
          title: tile.title ?? "",
          outcome: "failed",
          detail: failure._tag === "PortFailure" ? "try again shortly" : (detail ?? "the question is not valid")
        }
        return Effect.succeed(failed)
      }),
    { concurrency: tilesAtOnceMax }
  )
  const watermarks = new Set(tiles.flatMap((tile) => ("answer" in tile ? [tile.answer.result.watermark] : [])))
  const answers: DashboardAnswers = {
    dashboard: id,
    name: item.name,
    tiles,
    watermark: watermarks.size === 1 ? [...watermarks][0]! : null
  }
  return answers
})

/** Dashboards that show an insight. */
export const dashboardsWith = (workspace: WorkspaceId, insight: string) =>
  gatherItems(dashboards, workspace, ({ id, name, tiles }: Dashboard): ReadonlyArray<User> =>
    tiles.some((tile) => tile.insight === insight) ? [{ target: `${dashboards.name}/${id}`, name }] : []
  )
