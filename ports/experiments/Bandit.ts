import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"

/** Changes of the shares within one phase; after them they stay as they are. */
export const allocationStepsMax = 200

/**
 * Shares of the traffic follow the results of the first goal. A unit keeps its variant, so what it does later counts for
 * that variant alone; shares change for units to come, and at steps alone.
 */
export const Allocation = Schema.Struct({
  kind: Schema.Literal("bandit"),
  /** Hours from one look at the results to the next, 24 by default: 1 to 720. */
  step_hours: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 720 }))),
  /** Whole percents that every variant keeps, whatever it brings, 5 by default. */
  minimum_percent: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 50 }))),
  /** Units that count in each variant before the first change, 100 by default. */
  burn_in_units: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 1_000_000 })))
}).annotate({ identifier: "ExperimentAllocation" })
export type Allocation = typeof Allocation.Type

export const allocationDefaults = { step_hours: 24, minimum_percent: 5, burn_in_units: 100 } as const

/** Shares that stood from an instant on, in ms UTC. */
export const AllocationStep = Schema.Struct({
  /** From 1; exposures name it, with the probability that the unit's variant had. */
  number: Schema.Int,
  started_at: Schema.Int,
  started_by: Schema.String,
  /** Whole percents, in the order of the phase's variants. */
  weights: Schema.Array(Schema.Int),
  /** Chance of each variant to be the best, by which the shares were set; `null` of the first step. */
  chances: Schema.NullOr(Schema.Array(Schema.Finite))
}).annotate({ identifier: "AllocationStep" })
export type AllocationStep = typeof AllocationStep.Type

/** When the results of a running bandit are looked at next, by experiment. */
export interface BanditState {
  readonly id: string
  /** In ms UTC. */
  readonly next_at: number
}
export const banditStates: Collection = {
  name: "bandit_states",
  unique: [],
  indexes: [{ name: "by_due", equals: [], sort: "next_at", direction: "ascending" }]
}

/** What came of a look at a bandit's results. */
export const AllocationLook = Schema.Struct({
  /** `burn_in`: too few units count yet; `too_few_units`: nothing can be told of a variant; `steps_over`: the phase has had all its steps. */
  outcome: Schema.Literals(["changed", "unchanged", "burn_in", "too_few_units", "steps_over"]),
  phase: Schema.Int,
  step: Schema.Int,
  variants: Schema.Array(
    Schema.Struct({
      variant: Schema.String,
      /** Percents of the traffic from now on. */
      weight: Schema.Int,
      /** To be the best; `null` where nothing can be told yet. */
      chance_best: Schema.NullOr(Schema.Finite)
    })
  )
}).annotate({ identifier: "AllocationLook" })
export type AllocationLook = typeof AllocationLook.Type
