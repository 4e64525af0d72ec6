import { Schema } from "effect"
import type { CustomerColumns } from "./LifetimePlan.ts"

/** What one customer bought: enough to say what is expected of them. */
export const CustomerProfile = Schema.Struct({
  /** Days with a purchase after the first such day. */
  frequency: Schema.Int,
  /** Weeks from the first to the last purchase. */
  recency_weeks: Schema.Finite,
  /** Weeks from the first purchase to the end of the calibration. */
  age_weeks: Schema.Finite,
  /** Spent on a purchase after the first, on average. */
  mean_spend: Schema.optionalKey(Schema.Finite)
}).annotate({ identifier: "CustomerProfile" })
export type CustomerProfile = typeof CustomerProfile.Type

/** What is asked of the two models together. */
export interface LifetimeModelRequest {
  readonly customers: CustomerColumns
  /** Days since 1970-01-01. */
  readonly calibrationEndDay: number
  /** Digits of the currency's minor unit. */
  readonly exponent: number
  readonly horizonWeeks: number
  readonly weeklyDiscountRate: number
  readonly profile: CustomerProfile | undefined
}

export const ModelRefusal = Schema.Struct({
  outcome: Schema.Literal("refused"),
  reason: Schema.Literals([
    "too_few_customers",
    "too_few_repeaters",
    "too_many_customers",
    "invalid_summary",
    "no_purchase_model",
    "no_spend_model",
    "no_mean_spend"
  ]),
  /** People that there are, and that it takes (at the most, where there are too many). */
  found: Schema.optionalKey(Schema.Int),
  needed: Schema.optionalKey(Schema.Int)
}).annotate({ identifier: "ModelRefusal" })
export type ModelRefusal = typeof ModelRefusal.Type

const Parameter = Schema.Struct({
  estimate: Schema.Finite,
  /** `null` where the search found no maximum. */
  standard_error: Schema.NullOr(Schema.Finite)
})

const fitFields = {
  outcome: Schema.Literal("fitted"),
  log_likelihood: Schema.Finite,
  /** Whether the parameters are a maximum; if not, they are the best point found. */
  converged: Schema.Boolean,
  stopped: Schema.Literals(["converged", "boundary", "flat", "stalled", "iteration_limit", "not_finite"]),
  iterations: Schema.Int,
  gradient_norm: Schema.Finite,
  customers: Schema.Int,
  repeaters: Schema.Int
}

export const PurchaseModel = Schema.Struct({
  ...fitFields,
  /** BG/NBD: r, α (weeks), a, b. */
  parameters: Schema.Struct({ r: Parameter, alpha: Parameter, a: Parameter, b: Parameter })
}).annotate({ identifier: "PurchaseModel" })
export type PurchaseModel = typeof PurchaseModel.Type

export const SpendModel = Schema.Struct({
  ...fitFields,
  /** Gamma-Gamma: p, q, γ (money). */
  parameters: Schema.Struct({ p: Parameter, q: Parameter, gamma: Parameter }),
  /** The model takes spend and frequency as independent: their correlation, and whether it says otherwise. */
  independence: Schema.Struct({
    correlation: Schema.NullOr(Schema.Finite),
    p_value: Schema.NullOr(Schema.Finite),
    dependent: Schema.Boolean
  })
}).annotate({ identifier: "SpendModel" })
export type SpendModel = typeof SpendModel.Type

export const ExpectedValue = Schema.Struct({
  /** Who bought by the end of the calibration. */
  customers: Schema.Int,
  /** Sum of the chances that they still buy. */
  expected_alive: Schema.Finite,
  /** Over the horizon, not discounted. */
  expected_purchases: Schema.Finite,
  /** Over the horizon, discounted; money in the currency's main unit. */
  expected_value: Schema.Finite,
  value_per_customer: Schema.Finite
}).annotate({ identifier: "ExpectedValue" })
export type ExpectedValue = typeof ExpectedValue.Type

export const LifetimeModel = Schema.Struct({
  purchases: Schema.Union([PurchaseModel, ModelRefusal]),
  spend: Schema.Union([SpendModel, ModelRefusal]),
  values: Schema.Union([
    Schema.Struct({
      outcome: Schema.Literal("valued"),
      all: ExpectedValue,
      /** Ascending. */
      cohorts: Schema.Array(Schema.Struct({ cohort: Schema.Int, value: ExpectedValue }))
    }),
    ModelRefusal
  ]),
  /** Of the profile asked about; `null` without one or without parameters. */
  profile: Schema.NullOr(
    Schema.Struct({
      probability_alive: Schema.Finite,
      expected_purchases: Schema.Finite,
      /** On a purchase; `null` where the spend has no model, no finite mean, or the profile's own is not given. */
      expected_spend: Schema.NullOr(Schema.Finite)
    })
  )
})
export type LifetimeModel = typeof LifetimeModel.Type
