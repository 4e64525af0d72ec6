import { Schema } from "effect"
import { AnyQuestion } from "./AnyQuestion.ts"
import { watermarkCharactersMax } from "./StaleWatermark.ts"

/** Changes that one answer tells. */
export const answerChangesMax = 1000

export const ChangesQuestion = Schema.Struct({
  question: AnyQuestion,
  /** The watermark of an answer from before. */
  since: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(watermarkCharactersMax))
}).annotate({
  identifier: "ChangesQuestion",
  examples: [
    {
      question: {
        kind: "trend",
        date_range: { from: "2026-11-01", to: "2026-11-23" },
        metrics: ["events", "people"]
      },
      since: "9jqN0pYl3wUe"
    }
  ]
})
export type ChangesQuestion = typeof ChangesQuestion.Type

/** One place of an answer that says something else than before; what was not there, or is not any more, is left out. */
export const AnswerChange = Schema.Struct({
  /** JSON pointer into the answer. */
  pointer: Schema.String,
  before: Schema.optionalKey(Schema.Unknown),
  after: Schema.optionalKey(Schema.Unknown),
  /** Of numbers: after less before, rounded to 12 significant digits. */
  difference: Schema.optionalKey(Schema.Finite)
})
export type AnswerChange = typeof AnswerChange.Type

export const AnswerChanges = Schema.Struct({
  since: Schema.String,
  /** Of the answer as it is now. */
  watermark: Schema.String,
  query_hash: Schema.String,
  /** In the order of the answer, {@link answerChangesMax} at the most. */
  changes: Schema.Array(AnswerChange),
  /** Whether there are more. */
  more: Schema.Boolean
}).annotate({ identifier: "AnswerChanges" })
export type AnswerChanges = typeof AnswerChanges.Type
