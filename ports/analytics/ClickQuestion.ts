import { Schema } from "effect"
import { clickOrders } from "./ClickPlan.ts"
import { pageAnswerFields, pageFields } from "./PageQuestion.ts"

export const ClickQuestion = Schema.Struct({
  ...pageFields,
  /** What the first elements have most of; `rage` by default. */
  order: Schema.optionalKey(Schema.Literals(clickOrders))
}).annotate({
  identifier: "ClickQuestion",
  examples: [{ date_range: { from: "2026-11-01", to: "2026-11-23" }, device: "mobile", order: "dead" }]
})
export type ClickQuestion = typeof ClickQuestion.Type

const counts = {
  clicks: Schema.Int,
  /** Clicks that are one of three or more within a second and 30 pixels. */
  rage_clicks: Schema.Int,
  /** How often that happened: clicks that go on are one burst. */
  rage_bursts: Schema.Int,
  /** Clicks that changed nothing and led nowhere. */
  dead_clicks: Schema.Int,
  people: Schema.Int,
  rage_people: Schema.Int,
  dead_people: Schema.Int
}
export const ClickNumbers = Schema.Struct(counts)
export type ClickNumbers = typeof ClickNumbers.Type

export const ClickResult = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  elements: Schema.Array(
    Schema.Struct({
      selector: Schema.String,
      host: Schema.NullOr(Schema.String),
      path: Schema.NullOr(Schema.String),
      ...counts
    })
  ),
  /** Elements behind the top. */
  other_elements: Schema.Int,
  /** Of all clicks; people once each. */
  totals: ClickNumbers,
  ...pageAnswerFields
}).annotate({ identifier: "ClickResult" })
export type ClickResult = typeof ClickResult.Type
