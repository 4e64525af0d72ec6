import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"
import { AnyAnswer } from "./AnyQuestion.ts"
import { DashboardTile } from "./Dashboard.ts"

/** Bytes of chance in a slug: 192 bits. */
export const slugBytes = 24

const id = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300))

/** ms UTC after which the link is gone; never by default. */
const ends = { expires_at: Schema.optionalKey(Schema.Int) }

/** What a link leads to. */
const targets = [Schema.Struct({ insight: id, ...ends }), Schema.Struct({ dashboard: id, ...ends })] as const

export const NewShare = Schema.Union(targets).annotate({
  identifier: "NewShare",
  examples: [{ insight: "01a210a8-da32-71b6-a750-bd6562ee00a4" }]
})
export type NewShare = typeof NewShare.Type

const made = {
  id: Schema.String,
  slug: Schema.String,
  /** Path of the answer; with `.svg` behind it, of an insight's picture. */
  path: Schema.String,
  created_at: Schema.Int,
  created_by: Schema.String
}

/** A link by which everybody who has it reads the answer to one insight, or those of one dashboard, and nothing else, until it is deleted. */
export const Share = Schema.Union([
  Schema.Struct({ ...targets[0].fields, ...made }),
  Schema.Struct({ ...targets[1].fields, ...made })
]).annotate({ identifier: "Share" })
export type Share = typeof Share.Type

export const shares: Collection = {
  name: "shares",
  unique: [],
  indexes: [
    { name: "by_time", equals: [], sort: "created_at", direction: "descending" },
    { name: "by_insight", equals: ["insight"], sort: "created_at", direction: "descending" },
    { name: "by_dashboard", equals: ["dashboard"], sort: "created_at", direction: "descending" }
  ]
}

/** Which workspace a slug belongs to, by the slug's hash. */
export const shareSlugs: Collection = { name: "share_slugs", unique: [], indexes: [] }

export const SharedInsight = Schema.Struct({ name: Schema.String, answer: AnyAnswer }).annotate({
  identifier: "SharedAnswer"
})

const tile = { title: Schema.String, position: DashboardTile.fields.position }

export const SharedDashboard = Schema.Struct({
  name: Schema.String,
  tiles: Schema.Array(
    Schema.Union([
      Schema.Struct({ ...tile, outcome: Schema.Literal("answered"), answer: AnyAnswer }),
      Schema.Struct({ ...tile, outcome: Schema.Literal("failed"), detail: Schema.String })
    ])
  )
}).annotate({ identifier: "SharedDashboard" })
export type SharedDashboard = typeof SharedDashboard.Type

export const SharedAnswer = Schema.Union([SharedInsight, SharedDashboard])
export type SharedAnswer = typeof SharedAnswer.Type
