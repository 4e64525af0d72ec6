import { Schema } from "effect"
import { Condition } from "../targeting/Condition.ts"

/** Rules of one flag. */
export const rulesMax = 100
/** Variants of one flag or experiment. */
export const variantsMax = 50
/** Flags that one flag depends on directly. */
export const prerequisitesMax = 20
/** Units that one override names. */
export const overrideUnitsMax = 1000
/** Flags, experiments, groups, layers and holdouts of one environment, each. */
export const definitionsMax = 5000

export const definitionKey = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
/** Name of a flag, a rule, an experiment, a layer or a holdout. No `:`, which joins names in what is hashed. */
export const DefinitionKey = Schema.String.check(
  Schema.isPattern(definitionKey, {
    message: "must be 1 to 100 of A–Z, a–z, 0–9, '.', '_', '-', and begin with a letter or digit"
  })
)

export const VariantName = Schema.String.check(
  Schema.isPattern(/^[^:\s][^:]{0,99}$/u, { message: "must be 1 to 100 characters without ':'" })
)

/** Percent to hundredths: 10,000 slots. */
export const Percent = Schema.Finite.check(
  Schema.isBetween({ minimum: 0, maximum: 100 }),
  Schema.makeFilter((percent: number) =>
    Math.abs(percent * 100 - Math.round(percent * 100)) < 1e-6 ? undefined : "must have at most two decimals"
  )
)

/**
 * How units are hashed: `sha256` is ours; the others are what GrowthBook's and Unleash's clients compute, for rules that
 * began there and must keep every unit's variant.
 */
export const BucketHash = Schema.Literals(["sha256", "growthbook_1", "growthbook_2", "unleash"])
export type BucketHash = typeof BucketHash.Type

/** Attributes that may name the unit, in order: the first that is there is hashed. */
export const UnitAttributes = Schema.Array(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100))).check(
  Schema.isMinLength(1),
  Schema.isMaxLength(3)
)
export const unitAttributes: ReadonlyArray<string> = ["user_id", "anonymous_id"]

export const Weight = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 }))
export const WeightedVariant = Schema.Struct({ variant: VariantName, weight: Weight })

/** Another flag whose value must meet a condition over `{ value }`. */
export const Prerequisite = Schema.Struct({ flag: DefinitionKey, condition: Condition })
const Prerequisites = Schema.Array(Prerequisite).check(Schema.isMaxLength(prerequisitesMax))

/** What a rule serves: one variant, a split of weights that sum to 100, or the variant of an experiment of the same name. */
export const Served = Schema.Union([
  Schema.Struct({ variant: VariantName }),
  Schema.Struct({ split: Schema.Array(WeightedVariant).check(Schema.isMinLength(1), Schema.isMaxLength(variantsMax)) }),
  Schema.Struct({ experiment: DefinitionKey })
])

export const FlagRule = Schema.Struct({
  id: DefinitionKey,
  description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000))),
  enabled: Schema.optionalKey(Schema.Boolean),
  condition: Schema.optionalKey(Condition),
  prerequisites: Schema.optionalKey(Prerequisites),
  /** Share of the units that meet the rule; all without it. A share that grows keeps the units that it had. */
  percent: Schema.optionalKey(Percent),
  unit: Schema.optionalKey(UnitAttributes),
  hash: Schema.optionalKey(BucketHash),
  /**
   * What is hashed with the unit instead of the flag's key: for the split, and of other hashes than ours for the share
   * too. A share by our hash is of `rollout:{flag}:{unit}` whatever the seed, so that rules of a flag share units out alike.
   */
  seed: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
  /** Whether the rule releases something new: holdouts bind it. */
  release: Schema.optionalKey(Schema.Boolean),
  serve: Served
}).annotate({ identifier: "FlagRule" })
export type FlagRule = typeof FlagRule.Type

export const FlagType = Schema.Literals(["boolean", "string", "number", "json"])
export type FlagType = typeof FlagType.Type

export const FlagVariant = Schema.Struct({
  name: VariantName,
  value: Schema.Unknown,
  description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000)))
})

/** A flag as one environment evaluates it. */
export const EvaluatedFlag = Schema.Struct({
  key: DefinitionKey,
  type: FlagType,
  variants: Schema.Array(FlagVariant).check(Schema.isMinLength(1), Schema.isMaxLength(variantsMax)),
  enabled: Schema.Boolean,
  /** Served while the flag is off or a prerequisite is not met; null: no value, the code's own default. */
  off_variant: Schema.NullOr(VariantName),
  /** Served where no rule does. */
  default_variant: Schema.NullOr(VariantName),
  prerequisites: Schema.optionalKey(Prerequisites),
  /** Those whose holdout binds its experiments and releases. */
  team: Schema.optionalKey(DefinitionKey),
  rules: Schema.Array(FlagRule).check(Schema.isMaxLength(rulesMax))
}).annotate({ identifier: "EvaluatedFlag" })
export type EvaluatedFlag = typeof EvaluatedFlag.Type

const Slot = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 }))

/** An experiment as one environment evaluates it. */
export const EvaluatedExperiment = Schema.Struct({
  id: DefinitionKey,
  running: Schema.Boolean,
  phase: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
  unit: Schema.optionalKey(UnitAttributes),
  variants: Schema.Array(WeightedVariant).check(Schema.isMinLength(1), Schema.isMaxLength(variantsMax)),
  condition: Schema.optionalKey(Condition),
  prerequisites: Schema.optionalKey(Prerequisites),
  /** Share of the targeted units that take part. */
  percent: Schema.optionalKey(Percent),
  /** Slots of a layer that are this experiment's: from, inclusive, to, exclusive. */
  layer: Schema.optionalKey(
    Schema.Struct({
      id: DefinitionKey,
      slots: Schema.Array(Schema.Struct({ from: Slot, to: Slot })).check(Schema.isMinLength(1), Schema.isMaxLength(100))
    })
  ),
  team: Schema.optionalKey(DefinitionKey),
  hash: Schema.optionalKey(BucketHash),
  seed: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
  /** Units keep the variant that was stored since then, in ms UTC; without it hashes alone decide. */
  sticky_since: Schema.optionalKey(Schema.Int),
  bucket_version: Schema.optionalKey(Schema.Int),
  /** A stored assignment of an older version counts no more. */
  bucket_version_min: Schema.optionalKey(Schema.Int),
  /** What becomes of a unit whose stored assignment is too old. */
  old_assignments: Schema.optionalKey(Schema.Literals(["rebucket", "exclude"])),
  /** Of a bandit: the step of its shares, which are the weights. */
  step: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)))
}).annotate({ identifier: "EvaluatedExperiment" })
export type EvaluatedExperiment = typeof EvaluatedExperiment.Type

/** A share of units that gets no experiment and no release: of a team's, or of all. */
export const EvaluatedHoldout = Schema.Struct({
  id: DefinitionKey,
  percent: Percent,
  unit: Schema.optionalKey(UnitAttributes),
  team: Schema.optionalKey(DefinitionKey)
})
export type EvaluatedHoldout = typeof EvaluatedHoldout.Type

export const EvaluatedGroup = Schema.Union([
  Schema.Struct({
    id: Schema.String,
    type: Schema.Literal("list"),
    attribute: Schema.String,
    values: Schema.Array(Schema.Union([Schema.String, Schema.Finite, Schema.Boolean]))
  }),
  Schema.Struct({ id: Schema.String, type: Schema.Literal("condition"), condition: Condition }),
  /** Members of a cohort of analytics: known to the service alone. Without a server it has none. */
  Schema.Struct({ id: Schema.String, type: Schema.Literal("cohort"), cohort: Schema.String })
])
export type EvaluatedGroup = typeof EvaluatedGroup.Type

/** What an override gives a variant of. */
export const OverrideTarget = Schema.Union([
  Schema.Struct({ flag: DefinitionKey }),
  Schema.Struct({ experiment: DefinitionKey })
])

/** Units that get one variant of a flag or a running experiment before all else, and are not exposed: testers. */
export const EvaluatedOverride = Schema.Struct({
  id: DefinitionKey,
  target: OverrideTarget,
  variant: VariantName,
  /** The attribute that names the units. */
  attribute: Schema.String,
  units: Schema.Array(Schema.String).check(Schema.isMaxLength(overrideUnitsMax))
}).annotate({ identifier: "EvaluatedOverride" })
export type EvaluatedOverride = typeof EvaluatedOverride.Type

const many = <Item extends Schema.Top>(item: Item) => Schema.Array(item).check(Schema.isMaxLength(definitionsMax))

/** All that an evaluation needs of one environment, as one document: evaluated without a server by `compileFlags`. */
export const FlagFile = Schema.Struct({
  version: Schema.Literal(1),
  flags: many(EvaluatedFlag),
  experiments: Schema.optionalKey(many(EvaluatedExperiment)),
  holdouts: Schema.optionalKey(many(EvaluatedHoldout)),
  groups: Schema.optionalKey(many(EvaluatedGroup)),
  overrides: Schema.optionalKey(many(EvaluatedOverride))
}).annotate({ identifier: "FlagFile" })
export type FlagFile = typeof FlagFile.Type
