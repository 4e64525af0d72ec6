import { Schema } from "effect"
import { analysisDefaults } from "./ExperimentAnalysis.ts"

export const proofRunsMax = 1000
export const proofDaysMax = 60
export const proofUnitsMax = 1000
/** Units that all runs together may draw: a few seconds of one processor. */
export const proofDrawsMax = 60_000_000

const Probability = Schema.Finite.check(Schema.isBetween({ minimum: 0.0001, maximum: 0.9999 }))

/** What a unit does: converts or not, or spends a lognormal amount if it buys at all. */
export const ProofPopulation = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("rate"), rate: Probability }),
  Schema.Struct({
    kind: Schema.Literal("revenue"),
    /** Share of units that buy. */
    buyers: Probability,
    /** Of the logarithm of what a buyer spends. */
    log_mean: Schema.Finite.check(Schema.isBetween({ minimum: -10, maximum: 10 })),
    log_deviation: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 3 }))
  })
]).annotate({ identifier: "ProofPopulation" })
export type ProofPopulation = typeof ProofPopulation.Type

/** Experiments to simulate: each is looked at every day and stopped at the first alarm. */
export const ProofRequest = Schema.Struct({
  population: ProofPopulation,
  /** What the treatment does; the same as the control where it is left out, so that every alarm is false. */
  treatment: Schema.optionalKey(ProofPopulation),
  units_per_arm_and_day: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: proofUnitsMax })),
  days: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: proofDaysMax }))),
  runs: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: proofRunsMax }))),
  /** Equal seeds give equal answers. */
  seed: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))),
  alpha: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0.0001, maximum: 0.5 }))),
  tuning_units: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 10, maximum: 1_000_000_000 })))
}).annotate({
  identifier: "ProofRequest",
  examples: [{ population: { kind: "rate", rate: 0.05 }, units_per_arm_and_day: 100, runs: 200 }]
})
export type ProofRequest = typeof ProofRequest.Type

export const proofDefaults = {
  days: 28,
  runs: 1000,
  seed: 1,
  alpha: analysisDefaults.alpha,
  tuning_units: analysisDefaults.tuning_units
} as const

export const AlarmShare = Schema.Struct({
  alarms: Schema.Int,
  share: Schema.Finite,
  /** Wilson's, at 95 %. */
  interval: Schema.Tuple([Schema.Finite, Schema.Finite])
})

export const ProofResult = Schema.Struct({
  runs: Schema.Int,
  days: Schema.Int,
  seed: Schema.Int,
  /** Whether both arms are alike: then alarms are false ones. */
  without_effect: Schema.Boolean,
  /** Runs with an alarm on one day or more: by the sequence, which is made for being looked at every day. */
  sequential: AlarmShare,
  /** The same of a test that is made for one look. */
  fixed: AlarmShare
}).annotate({ identifier: "ProofResult" })
export type ProofResult = typeof ProofResult.Type

/** The simulation as it crosses to the thread that runs it. */
export interface PeekingRequest {
  readonly control: ProofPopulation
  readonly treatment: ProofPopulation
  readonly unitsPerArmAndDay: number
  readonly days: number
  readonly runs: number
  readonly seed: number
  readonly alpha: number
  readonly tuningUnits: number
}

export interface PeekingOutcome {
  readonly runs: number
  /** Runs with an alarm on one day or more. */
  readonly alarms: number
  readonly fixedAlarms: number
}
