import { Schema } from "effect"
import { resource } from "../documents/Resource.ts"
import { revisionOf } from "../documents/Revision.ts"
import { Filter } from "./Question.ts"

/** Goals that a workspace keeps. */
export const goalsMax = 100

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))

export const GoalValue = Schema.Union([
  /** Every conversion is worth so much: a decimal, as `"5.00"`. */
  Schema.Struct({ kind: Schema.Literal("fixed"), amount: Schema.String, currency: Schema.String }),
  /** What the conversion's property says, a number in that currency. */
  Schema.Struct({ kind: Schema.Literal("property"), property: Name, currency: Schema.String }),
  /** Revenue of the orders among the conversions, each once, in the currency that is asked for. */
  Schema.Struct({ kind: Schema.Literal("revenue") })
])
export type GoalValue = typeof GoalValue.Type

/** A conversion is a view of a page whose path fits the pattern, or an event of the type. */
const GoalTrigger = Schema.Union([
  /** `*` is anything within a segment of the path, `**` anything across segments. */
  Schema.Struct({ page: Schema.String }),
  Schema.Struct({ event_type: Name })
])

export const goals = resource({
  name: "goals",
  singular: "goal",
  identifier: "Goal",
  fields: {
    name: Name,
    description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000))),
    on: GoalTrigger,
    /** On the event alone: neither traits nor cohorts nor goals. */
    filters: Schema.optionalKey(Filter),
    value: Schema.optionalKey(GoalValue)
  },
  unique: ["name"],
  example: {
    name: "Asked for an offer",
    on: { page: "/offers/**/thanks" },
    value: { kind: "fixed", amount: "25.00", currency: "EUR" }
  }
})
export const GoalRevision = revisionOf("Goal", goals.definition)
export type NewGoal = typeof goals.definition.Type
export type Goal = typeof goals.item.Type
