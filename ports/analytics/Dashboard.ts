import { Schema } from "effect"
import { resource } from "../documents/Resource.ts"
import { revisionOf } from "../documents/Revision.ts"
import { AnyAnswer } from "./AnyQuestion.ts"

export const dashboardTilesMax = 30
/** Columns of the grid that tiles stand on. */
export const dashboardColumns = 12
/** Answers of one dashboard that are asked for at once. */
export const tilesAtOnceMax = 2

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

export const DashboardTile = Schema.Struct({
  insight: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300)),
  /** The insight's name by default. */
  title: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))),
  /** In columns and rows of a grid of 12 columns, from the top left. */
  position: Schema.optionalKey(
    Schema.Struct({
      column: between(0, dashboardColumns - 1),
      row: between(0, 1000),
      width: between(1, dashboardColumns),
      height: between(1, 100)
    })
  )
})

/** Insights side by side, in order. */
export const dashboards = resource({
  name: "dashboards",
  singular: "dashboard",
  identifier: "Dashboard",
  fields: {
    name: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)),
    description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000))),
    tiles: Schema.Array(DashboardTile).check(Schema.isMaxLength(dashboardTilesMax))
  },
  unique: ["name"],
  example: { name: "Every Monday", tiles: [] }
})
export const DashboardRevision = revisionOf("Dashboard", dashboards.definition)
export type NewDashboard = typeof dashboards.definition.Type
export type Dashboard = typeof dashboards.item.Type

const tile = { insight: Schema.String, title: Schema.String }

export const TileAnswer = Schema.Union([
  Schema.Struct({ ...tile, outcome: Schema.Literal("answered"), answer: AnyAnswer }),
  /** The others are answered all the same. */
  Schema.Struct({ ...tile, outcome: Schema.Literal("failed"), detail: Schema.String })
]).annotate({ identifier: "TileAnswer" })
export type TileAnswer = typeof TileAnswer.Type

export const DashboardAnswers = Schema.Struct({
  dashboard: Schema.String,
  name: Schema.String,
  /** In the order of the tiles. */
  tiles: Schema.Array(TileAnswer),
  /** Of all of them: the same dashboard has these bytes again. `null` where a tile failed, or events came in between. */
  watermark: Schema.NullOr(Schema.String)
}).annotate({ identifier: "DashboardAnswers" })
export type DashboardAnswers = typeof DashboardAnswers.Type
