import { Schema } from "effect"
import { MinimumEffect } from "./ExperimentAnalysis.ts"
import { DefinitionKey, VariantName } from "./FlagFile.ts"

/** Goals that one rule asks for. */
export const ruleGoalsMax = 20
/** A week has days that are unlike each other: nothing ships before one is over, whatever a rule says. */
export const fullDaysMin = 7

const Days = Schema.Int.check(Schema.isBetween({ minimum: fullDaysMin, maximum: 366 }))

/** A goal that must be better before a variant ships, in the metric's own direction. */
export const RequiredGoal = Schema.Struct({
  id: DefinitionKey,
  /** The smallest effect of practical worth; without it any significant one will do. */
  minimum_effect: Schema.optionalKey(MinimumEffect),
  /**
   * What must reach the smallest effect. `estimate` (the default): the measured effect, beside its significance.
   * `interval`: the near end of the interval, so that a smaller effect is ruled out at the plan's level.
   */
  shown_by: Schema.optionalKey(Schema.Literals(["estimate", "interval"]))
}).annotate({ identifier: "RequiredGoal" })
export type RequiredGoal = typeof RequiredGoal.Type

/** What becomes of an experiment that neither shipped nor was rolled back when its time is over. */
export const InconclusiveEnd = Schema.Union([
  Schema.Struct({ action: Schema.Literals(["keep_running", "roll_back"]) }),
  /** This variant, where nothing harms and nothing stands in its way. */
  Schema.Struct({ action: Schema.Literal("ship"), variant: VariantName })
]).annotate({ identifier: "InconclusiveEnd" })
export type InconclusiveEnd = typeof InconclusiveEnd.Type

/**
 * When a variant is shipped, rolled back or kept running: registered before the start, and not changed afterwards. What it
 * leaves out is as without a rule. It can ask for more than the usual rule, never for less than a week, a split as planned
 * and, with `fixed`, the planned units.
 */
export const DecisionRule = Schema.Struct({
  /** All of these must be better, and none of the other goals worse; without them one goal must be better, and none worse. */
  goals: Schema.optionalKey(Schema.Array(RequiredGoal).check(Schema.isMinLength(1), Schema.isMaxLength(ruleGoalsMax))),
  /** What guardrails must be to ship: `safe` within their margins (the default), or merely not `harmed`. */
  guardrails: Schema.optionalKey(Schema.Literals(["safe", "not_harmed"])),
  /** Harm that rolls all back once every variant does it; both by default. Other harm still keeps a variant from shipping. */
  roll_back_on: Schema.optionalKey(
    Schema.Array(Schema.Literals(["goal_worse", "guardrail_harmed"])).check(Schema.isMaxLength(2), Schema.isUnique())
  ),
  /** Full days before anything ships, 7 by default. */
  minimum_days: Schema.optionalKey(Days),
  /** Share of the planned units in each arm before anything ships: 0 by default, 1 with `fixed`, which always waits for all. */
  minimum_share: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))),
  /** Full days after which it is over without a result; without them it is never. */
  end_after_days: Schema.optionalKey(Days),
  /** What is done then: `keep_running` by default. */
  inconclusive: Schema.optionalKey(InconclusiveEnd)
}).annotate({
  identifier: "DecisionRule",
  examples: [
    {
      goals: [{ id: "ordered", minimum_effect: { kind: "relative", value: 0.02 } }],
      minimum_days: 14,
      minimum_share: 0.5,
      end_after_days: 42,
      inconclusive: { action: "roll_back" }
    }
  ]
})
export type DecisionRule = typeof DecisionRule.Type
