import { Schema } from "effect"
import { ShownNumber } from "./PeopleQuestion.ts"

/** The accounts behind a number of a question that counts accounts. */
export const AccountQuestion = Schema.Struct({
  of: ShownNumber,
  /** 1 to 100, 25 by default. */
  limit: Schema.optionalKey(Schema.Int),
  /** The `next` of the page before. */
  cursor: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1000)))
}).annotate({
  identifier: "AccountQuestion",
  examples: [
    {
      of: {
        funnel: {
          date_range: { from: "2026-11-01", to: "2026-11-23" },
          steps: [{ event_types: ["product_viewed"] }, { event_types: ["order_completed"] }],
          aggregate_by: "account:company"
        },
        step: 2
      }
    }
  ]
})
export type AccountQuestion = typeof AccountQuestion.Type
