import { Cause, Effect, Option } from "effect"
import { dashboards, tilesAtOnceMax } from "../../../ports/analytics/Dashboard.ts"
import type { Dashboard, DashboardAnswers, NewDashboard, TileAnswer } from "../../../ports/analytics/Dashboard.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { insights } from "../../../ports/analytics/Insight.ts"
import type { Insight } from "../../../ports/analytics/Insight.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { PortFailure } from "../../../ports/PortFailure.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { gatherItems, readItem } from "../../platform/resources.ts"
import { createKept, readRevision, replaceKept } from "../../platform/revisions.ts"
import type { User } from "../../platform/resources.ts"
import { definitionOf } from "../../questions/revisions.ts"
import type { DefinitionRevision } from "../../questions/revisions.ts"
import { withAnnotations } from "./annotations.ts"
import type { Reader } from "./annotations.ts"
import { askAny } from "./askAny.ts"
import { askBeside, watermarkOver } from "./askAt.ts"
import { readDefined, readDefinition } from "./pastDefinitions.ts"

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
  return yield* createKept(dashboards, actor, definition)
})

export const replaceDashboard = Effect.fnUntraced(function* (
  actor: Actor,
  id: string,
  definition: NewDashboard,
  revision: number
) {
  yield* check(actor.workspace, definition)
  return yield* replaceKept(dashboards, actor, id, definition, revision)
})

/** What the dashboard was at a revision becomes its newest; refused where an insight of it is gone. */
export const restoreDashboard = Effect.fnUntraced(function* (actor: Actor, id: string, revision: number) {
  const { definition } = yield* readRevision<NewDashboard>(dashboards, actor.workspace, id, revision)
  const standing = yield* readItem(dashboards, actor.workspace, id)
  return yield* replaceDashboard(actor, id, definition, standing.revision)
})

type Tile = Dashboard["tiles"][number]
type Withheld = (insight: Insight) => Effect.Effect<string | undefined, PortFailure, DocumentStore>

const answerTile = Effect.fnUntraced(function* (workspace: WorkspaceId, tile: Tile, withheld: Withheld) {
  const { item } = yield* readDefined<Insight>(insights, workspace, tile.insight)
  const told = { insight: tile.insight, title: tile.title ?? item.name }
  const reason = yield* withheld(item)
  const answered: TileAnswer =
    reason === undefined
      ? { ...told, outcome: "answered", answer: yield* askAny(workspace, item.question) }
      : { ...told, outcome: "failed", detail: reason }
  return answered
})

type TileFailure = Effect.Error<ReturnType<typeof answerTile>>

/** What a viewer is told of a tile that fails: of a part that is away, or of a bug, nothing. */
const detailOf = (cause: Cause.Cause<TileFailure>): string => {
  const failure = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (failure === undefined) return "something went wrong here"
  switch (failure._tag) {
    case "InvalidQuestion":
      return failure.errors[0]?.detail ?? "the question is not valid"
    case "PortFailure":
      return failure.reason === "timeout" ? failure.detail : "try again shortly"
    default:
      return failure.detail
  }
}

/** An operator hears of what failed here; a question that is not valid any more is its author's business. */
const logFailed = (dashboard: string, causes: ReadonlyArray<Cause.Cause<TileFailure>>): Effect.Effect<void> => {
  const failures = causes.map((cause) => Option.getOrUndefined(Cause.findErrorOption(cause)))
  const isBroken = (failure: TileFailure | undefined) =>
    failure === undefined || (failure._tag === "PortFailure" && failure.reason === "corrupt")
  const worst =
    failures.findIndex(isBroken) === -1
      ? failures.findIndex((failure) => failure?._tag === "PortFailure")
      : failures.findIndex(isBroken)
  if (causes.length === 0) return Effect.void
  const told = { dashboard, tiles: causes.length }
  if (worst === -1) return Effect.logInfo("tiles of a dashboard cannot be answered", causes[0], told)
  const log = isBroken(failures[worst]) ? Effect.logError : Effect.logWarning
  return log("tiles of a dashboard failed", causes[worst], told)
}

/** All tiles of one state of the data, two at a time; one that fails says so in its own place, and the log has the cause. */
export const answerTiles = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  dashboard: string,
  tiles: ReadonlyArray<Tile>,
  withheld: Withheld = () => Effect.undefined
) {
  const causes: Array<Cause.Cause<TileFailure>> = []
  // Events may come in between two tiles: all are asked of the state that there is before the first.
  const begun = yield* (yield* EventStore).watermark(workspace, "")
  const answered = Effect.forEach(
    tiles,
    (tile) =>
      Effect.catchCauseIf(
        answerTile(workspace, tile, withheld),
        (cause) => !Cause.hasInterruptsOnly(cause),
        (cause) => {
          causes.push(cause)
          const { insight, title = "" } = tile
          const failed: TileAnswer = { insight, title, outcome: "failed", detail: detailOf(cause) }
          return Effect.succeed(failed)
        }
      ),
    { concurrency: tilesAtOnceMax }
  )
  const answers = yield* askBeside(workspace, begun, answered)
  yield* logFailed(dashboard, causes)
  return answers
})

/** A dashboard's answers, as they stand now. */
export const answerDashboard = Effect.fn("answerDashboard")(function* (workspace: WorkspaceId, id: string) {
  const { item, revision } = yield* readDefined<Dashboard>(dashboards, workspace, id)
  const shown = new Set(item.tiles.map(({ insight }) => insight))
  const ofInsights = yield* Effect.forEach(shown, (insight) =>
    Effect.map(readDefinition<Insight>(workspace, insights, insight), (found): DefinitionRevision => [
      definitionOf(insights, insight),
      found?.revision ?? 0
    ])
  )
  const tiles = yield* answerTiles(workspace, id, item.tiles)
  const watermarks = tiles.flatMap((tile) => ("answer" in tile ? [tile.answer.result.watermark] : []))
  const answers: DashboardAnswers = {
    dashboard: id,
    name: item.name,
    tiles,
    watermark:
      watermarks.length < tiles.length
        ? null
        : yield* watermarkOver(workspace, watermarks, [[definitionOf(dashboards, id), revision], ...ofInsights])
  }
  return answers
})

/** The same; with each trend come the notes of its range. */
export const answerDashboardWithNotes = Effect.fnUntraced(function* (reader: Reader, id: string) {
  const answers = yield* answerDashboard(reader.workspace, id)
  const tiles = yield* Effect.forEach(answers.tiles, (tile) => {
    if (tile.outcome === "failed" || tile.answer.kind !== "trend") return Effect.succeed(tile)
    const on = { insight: tile.insight, dashboard: id }
    return Effect.map(withAnnotations(reader, tile.answer.result, on), (result): TileAnswer => ({
      ...tile,
      answer: { kind: "trend", result }
    }))
  })
  const noted: DashboardAnswers = { ...answers, tiles }
  return noted
})

/** Dashboards that show an insight. */
export const dashboardsWith = (workspace: WorkspaceId, insight: string) =>
  gatherItems(dashboards, workspace, ({ id, name, tiles }: Dashboard): ReadonlyArray<User> =>
    tiles.some((tile) => tile.insight === insight) ? [{ target: `${dashboards.name}/${id}`, name }] : []
  )
