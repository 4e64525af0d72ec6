import { Schema } from "effect"
import { resource } from "../documents/Resource.ts"
import { revisionOf } from "../documents/Revision.ts"
import { AnyAnswer, AnyQuestion } from "./AnyQuestion.ts"

/** A kept question of any kind; a relative range is resolved whenever it is asked. */
export const insights = resource({
  name: "insights",
  singular: "insight",
  identifier: "Insight",
  fields: {
    name: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)),
    description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000))),
    question: AnyQuestion
  },
  unique: ["name"],
  example: {
    name: "Weekly retention",
    question: { kind: "retention", date_range: { last: 12, unit: "week" }, interval: "week" }
  }
})
export const InsightRevision = revisionOf("Insight", insights.definition)
export type NewInsight = typeof insights.definition.Type
export type Insight = typeof insights.item.Type

export const InsightAnswer = Schema.Struct({
  insight: Schema.String,
  name: Schema.String,
  answer: AnyAnswer,
  /** Of the insight as it stands; the answer's own is of its question alone. `null` where data was erased in between. */
  watermark: Schema.NullOr(Schema.String)
}).annotate({ identifier: "InsightAnswer" })
export type InsightAnswer = typeof InsightAnswer.Type
