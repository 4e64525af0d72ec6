import { Schema } from "effect"

/** Levels of objects and lists in one condition. */
export const conditionDepthMax = 20
/** Operators and paths of one condition, together. */
export const conditionTestsMax = 500
/** Values of one list. */
export const conditionListMax = 10_000
/** Characters of one regular expression. */
export const patternLengthMax = 500

/**
 * Who is meant, in GrowthBook's targeting grammar: paths with a value or operators (`{"country": {"$in": ["US"]}}`),
 * joined by `$and`, `$or`, `$nor`, `$not`. The empty condition means everybody. What it may hold is checked by
 * `checkCondition`, which names the place of a mistake.
 * Source: https://docs.growthbook.io/lib/build-your-own#the-condition-grammar
 */
export const Condition = Schema.Record(Schema.String, Schema.Unknown).annotate({
  identifier: "Condition",
  examples: [{ country: { $in: ["US", "CA"] }, "plan.seats": { $gte: 5 } }]
})
export type Condition = typeof Condition.Type
