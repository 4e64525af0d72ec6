import { Schema } from "effect"
import { ConversionWindow, EventSelection } from "./FunnelQuestion.ts"
import { conditionSchemas } from "./Question.ts"
import type { CohortCondition, FieldCondition } from "./Question.ts"

/** Conditions of one rule, `and`, `or` and `not` included. */
export const cohortConditionsMax = 50
export const cohortDepthMax = 10
/** Cohorts that a rule or a question names, with those that these name, and so on. */
export const cohortsReachedMax = 20
export const cohortStepsMin = 2
export const cohortStepsMax = 10
export const cohortWindowDaysMax = 3660
/** How often an event may be asked for. */
export const cohortTimesMax = 1_000_000

const Times = Schema.optionalKey(Schema.Int)

/** When: within so long before the instant that is asked for, or between two days (both included) or instants. Else ever. */
const period = {
  within: Schema.optionalKey(ConversionWindow),
  between: Schema.optionalKey(Schema.Struct({ from: Schema.String, to: Schema.String }))
}

const Did = Schema.Struct({
  did: EventSelection,
  /** 1 by default. */
  at_least: Times,
  at_most: Times,
  exactly: Times,
  ...period
})
/** Not even once. */
const DidNot = Schema.Struct({ did_not: EventSelection, ...period })
/** The first such event ever lies in the period. */
const FirstTime = Schema.Struct({ first_time: EventSelection, ...period })
/** One after the other in arrival order, the last within the window from the first; others may lie between. */
const InSequence = Schema.Struct({
  in_sequence: Schema.Array(EventSelection),
  window: Schema.optionalKey(ConversionWindow),
  ...period
})

export type DidCondition = typeof Did.Type
export type DidNotCondition = typeof DidNot.Type
export type FirstTimeCondition = typeof FirstTime.Type
export type InSequenceCondition = typeof InSequence.Type

/** A rule over people: `and`, `or` and `not` over what they did, their traits, and the cohorts that they belong to. */
export type CohortRule =
  | { readonly and: ReadonlyArray<CohortRule> }
  | { readonly or: ReadonlyArray<CohortRule> }
  | { readonly not: CohortRule }
  | DidCondition
  | DidNotCondition
  | FirstTimeCondition
  | InSequenceCondition
  /** Of a trait. */
  | FieldCondition
  | CohortCondition

export const CohortRule: Schema.Codec<CohortRule> = Schema.suspend(() =>
  Schema.Union([
    Schema.Struct({ and: Schema.Array(CohortRule) }),
    Schema.Struct({ or: Schema.Array(CohortRule) }),
    Schema.Struct({ not: CohortRule }),
    Did,
    DidNot,
    FirstTime,
    InSequence,
    ...conditionSchemas
  ])
).annotate({ identifier: "CohortRule" })
