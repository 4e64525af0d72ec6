import { Schema } from "effect"

/** Why a value was served, in OpenFeature's words (https://openfeature.dev/specification/types#resolution-reason). */
export const EvaluationReason = Schema.Literals([
  "STATIC",
  "DEFAULT",
  "TARGETING_MATCH",
  "SPLIT",
  "DISABLED",
  "ERROR",
  "UNKNOWN"
])
export type EvaluationReason = typeof EvaluationReason.Type

/** A stored assignment of the unit to a variant. */
export interface StoredAssignment {
  readonly variant: string
  readonly bucket_version: number
  /** When it was first given, in ms UTC. */
  readonly assigned_at?: number
  /** Whether it stands for the unit itself, not for another id of the context. */
  readonly isOwn?: boolean
}

/** Whom a flag is evaluated for. */
export interface EvaluationContext {
  readonly attributes: Readonly<Record<string, unknown>>
  /** Variants that a tester has set, by flag and by experiment; they win over all else and expose nobody. */
  readonly forced?: {
    readonly flags?: Readonly<Record<string, string>>
    readonly experiments?: Readonly<Record<string, string>>
  }
  /** Stored assignments by experiment, or that their store is away, so that hashes decide. */
  readonly stored?: Readonly<Record<string, StoredAssignment>> | "unavailable"
}

/** Why an experiment or a rule does not take a unit; the first of them in the order of evaluation. */
export const PassedOver = Schema.Literals([
  "off",
  "no_unit",
  "holdout",
  "layer",
  "old_assignment",
  "condition",
  "prerequisite",
  "rollout",
  "no_variant"
])
export type PassedOver = typeof PassedOver.Type

/** A unit's part in an experiment. */
export interface Assignment {
  readonly experiment: string
  readonly phase: number
  readonly variant: string
  /** What was hashed, and the attribute that gave it. */
  readonly unit: string
  readonly unit_attribute: string
  readonly bucket: number | null
  /** `unavailable`: by the hash, as the store that might know a sticky variant is away. */
  readonly from: "hash" | "stored" | "forced" | "unavailable"
  /** Of a bandit, where the hash decided: the step of its shares, and the probability that the variant had. */
  readonly allocation?: { readonly step: number; readonly probability: number }
  /** The override that forced it, where one did. */
  readonly override?: string
}

/** A unit that an experiment or a release would have taken, were it not held out. */
export interface HeldOut {
  readonly holdout: string
  readonly experiment: string | null
  readonly unit: string
  readonly unit_attribute: string
}

/** On which side of a holdout a unit is: that of those who get nothing, or the equal slice that they are compared with. */
export const holdoutGroups = ["held_out", "compared"] as const
export type HoldoutGroup = (typeof holdoutGroups)[number]

/**
 * Holdouts in whose equal slice a unit is at the same trigger: it gets what all get, and those who are held out are
 * compared with it.
 */
export type Compared = ReadonlyArray<HeldOut>

/** What an experiment does with a unit. */
export type Assigned =
  | { readonly kind: "assigned"; readonly assignment: Assignment; readonly compared: Compared }
  | { readonly kind: "held_out"; readonly heldOut: HeldOut; readonly compared: Compared }
  | {
      readonly kind: "passed_over"
      readonly why: PassedOver
      /** Pointer into the condition, the flag of the prerequisite, the layer. */
      readonly detail: string | null
    }

export interface Evaluation {
  readonly key: string
  /** Undefined: the code's own default. */
  readonly value: unknown
  readonly variant: string | null
  readonly reason: EvaluationReason
  readonly rule: string | null
  readonly bucket: number | null
  readonly assignment: Assignment | null
  readonly held_out: HeldOut | null
  readonly compared: Compared
  /** The prerequisite that was not met, where one closed the flag; the flag itself where it depends on itself. */
  readonly prerequisite: string | null
  /** By the context, or by an override. */
  readonly forced: boolean
  readonly override: string | null
}

/** What became of one rule, for who asks why. */
export const TraceStep = Schema.Struct({
  rule: Schema.String,
  outcome: Schema.Literals(["served", ...PassedOver.literals]),
  /** Pointer into the condition, the flag of the prerequisite, or the holdout. */
  detail: Schema.NullOr(Schema.String),
  /** What was hashed for the bucket: a seed and the unit, joined as the rule's hash joins them. */
  hash_input: Schema.NullOr(Schema.String),
  bucket: Schema.NullOr(Schema.Finite)
}).annotate({ identifier: "TraceStep" })
export type TraceStep = typeof TraceStep.Type
