import { Schema } from "effect"
import { resource } from "../documents/Resource.ts"
import { ContextAttributes } from "./EvaluateRequest.ts"
import { EvaluationReason } from "./Evaluation.ts"
import { flags } from "./Flag.ts"
import { DefinitionKey, VariantName } from "./FlagFile.ts"

/** Archetypes of one workspace, and flags that one of them expects something of. */
export const archetypesMax = 200
export const archetypeFlagsMax = 100
/** Expectations that are not met, told in one answer. */
export const archetypeFailuresMax = 500

/** The variant, `null` for the code's own default; or the value. */
const Expected = Schema.Union([
  Schema.Struct({ variant: Schema.NullOr(VariantName) }),
  Schema.Struct({ value: Schema.Unknown })
])
export type Expected = typeof Expected.Type

/** A typical visitor, with what flags are to give them: looked at before a change is published. */
export const archetypes = resource({
  name: "archetypes",
  singular: "archetype",
  identifier: "Archetype",
  fields: {
    /** Never changes. */
    key: DefinitionKey,
    description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000))),
    /** `production` by default. */
    environment: Schema.optionalKey(DefinitionKey),
    context: ContextAttributes,
    /** By flag. */
    expected: Schema.Record(DefinitionKey, Expected).check(Schema.isMaxProperties(archetypeFlagsMax))
  },
  unique: ["key"],
  example: {
    key: "german-guest",
    context: { anonymous_id: "guest", country: "DE" },
    expected: { "new-checkout": { variant: "on" } }
  }
})
export type NewArchetype = typeof archetypes.definition.Type
export type Archetype = typeof archetypes.item.Type

export const ArchetypeCheck = Schema.Struct({
  /** All where none are named. */
  keys: Schema.optionalKey(Schema.Array(DefinitionKey).check(Schema.isMaxLength(archetypesMax))),
  /** The flag as it might be: among all else that stands; nothing is stored. */
  draft: Schema.optionalKey(flags.definition)
}).annotate({ identifier: "ArchetypeCheck", examples: [{}] })
export type ArchetypeCheck = typeof ArchetypeCheck.Type

/** An expectation that is not met; nothing but `expected` where there is no such flag. */
export const ArchetypeFailure = Schema.Struct({
  archetype: Schema.String,
  environment: Schema.String,
  flag: Schema.String,
  expected: Expected,
  got: Schema.NullOr(
    Schema.Struct({
      variant: Schema.NullOr(Schema.String),
      value: Schema.optionalKey(Schema.Unknown),
      reason: EvaluationReason,
      rule: Schema.NullOr(Schema.String)
    })
  )
}).annotate({ identifier: "ArchetypeFailure" })
export type ArchetypeFailure = typeof ArchetypeFailure.Type

export const ArchetypeReport = Schema.Struct({
  archetypes: Schema.Int,
  /** Expectations, and those that are not met. */
  expectations: Schema.Int,
  failed: Schema.Int,
  /** The first of them. */
  failures: Schema.Array(ArchetypeFailure)
}).annotate({ identifier: "ArchetypeReport" })
export type ArchetypeReport = typeof ArchetypeReport.Type
