import { Schema } from "effect"
import { resource } from "../documents/Resource.ts"
import {
  DefinitionKey,
  FlagRule,
  FlagType,
  FlagVariant,
  Percent,
  Prerequisite,
  prerequisitesMax,
  rulesMax,
  UnitAttributes,
  VariantName,
  variantsMax
} from "./FlagFile.ts"

/** Environments of one workspace beside `production`. */
export const environmentsMax = 20
/** The environment that every workspace has. */
export const production = "production"

const Tag = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100))
const Note = Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000)))

/** What a flag does in one environment; off where nothing is said. */
export const FlagEnvironment = Schema.Struct({
  enabled: Schema.Boolean,
  /** Served while the flag is off; the flag's own where nothing is said, `null`: no value, the code's own default. */
  off_variant: Schema.optionalKey(Schema.NullOr(VariantName)),
  /** Served where no rule does. */
  default_variant: Schema.optionalKey(Schema.NullOr(VariantName)),
  prerequisites: Schema.optionalKey(Schema.Array(Prerequisite).check(Schema.isMaxLength(prerequisitesMax))),
  /** The first that meets a context serves it. */
  rules: Schema.optionalKey(Schema.Array(FlagRule).check(Schema.isMaxLength(rulesMax)))
}).annotate({ identifier: "FlagEnvironment" })
export type FlagEnvironment = typeof FlagEnvironment.Type

export const flags = resource({
  name: "flags",
  singular: "flag",
  identifier: "Flag",
  fields: {
    /** Never changes. */
    key: DefinitionKey,
    name: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))),
    description: Note,
    /** Never changes. */
    type: FlagType,
    /**
     * JSON Schema, draft 2020-12, that the value of every variant meets; of flags of type `json`. References lead to
     * places in it alone.
     */
    schema: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
    /** A boolean flag has `on` and `off` where none are given. */
    variants: Schema.optionalKey(
      Schema.Array(FlagVariant).check(Schema.isMinLength(1), Schema.isMaxLength(variantsMax))
    ),
    off_variant: Schema.optionalKey(Schema.NullOr(VariantName)),
    default_variant: Schema.optionalKey(Schema.NullOr(VariantName)),
    tags: Schema.optionalKey(Schema.Array(Tag).check(Schema.isMaxLength(50))),
    /** Meant to stay, as kill switches and entitlements are: it is never stale. */
    permanent: Schema.optionalKey(Schema.Boolean),
    /** Whose holdout binds its experiments and releases. */
    team: Schema.optionalKey(DefinitionKey),
    environments: Schema.optionalKey(
      Schema.Record(DefinitionKey, FlagEnvironment).check(Schema.isMaxProperties(environmentsMax + 1))
    )
  },
  unique: ["key"],
  example: {
    key: "new-checkout",
    type: "boolean",
    environments: {
      production: {
        enabled: true,
        default_variant: "off",
        rules: [{ id: "half-of-germany", condition: { country: "DE" }, percent: 50, serve: { variant: "on" } }]
      }
    }
  }
})
export type NewFlag = typeof flags.definition.Type

/** A flag with what became of it. */
export const Flag = Schema.Struct({
  ...flags.item.fields,
  /** Put away: evaluated nowhere, as if it were not there. Its key stays taken. Time in ms UTC. */
  archived: Schema.optionalKey(
    Schema.Struct({ at: Schema.Int, by: Schema.String, reason: Schema.NullOr(Schema.String) })
  )
}).annotate({ identifier: "Flag" })
export type Flag = typeof Flag.Type

export const FlagArchiving = Schema.Struct({
  reason: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(2000))),
  /** Also while code names the flag. */
  force: Schema.optionalKey(Schema.Boolean)
}).annotate({ identifier: "FlagArchiving", examples: [{ reason: "Everybody has it", force: true }] })
export type FlagArchiving = typeof FlagArchiving.Type

/** Segments of one workspace that are cohorts. */
export const cohortSegmentsMax = 10

/** People that rules speak of by one name: by a list of values, by a condition, or by a cohort of analytics. */
export const segments = resource({
  name: "segments",
  singular: "segment",
  identifier: "Segment",
  fields: {
    /** Never changes. */
    key: DefinitionKey,
    name: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))),
    description: Note,
    members: Schema.Union([
      Schema.Struct({
        attribute: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)),
        values: Schema.Array(Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])).check(
          Schema.isMaxLength(10_000)
        )
      }),
      Schema.Struct({ condition: Schema.Record(Schema.String, Schema.Unknown) }),
      /** Whoever belongs to a cohort of analytics, by `user_id` or `anonymous_id`. */
      Schema.Struct({ cohort: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100)) })
    ])
  },
  unique: ["key"],
  example: { key: "staff", members: { attribute: "user_id", values: ["ada", "grace"] } }
})
export type NewSegment = typeof segments.definition.Type
export type Segment = typeof segments.item.Type

/** Places in which flags are on or off on their own; `production` is always there. */
export const environments = resource({
  name: "environments",
  singular: "environment",
  identifier: "Environment",
  fields: {
    /** Never changes. */
    key: DefinitionKey,
    name: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))),
    description: Note
  },
  unique: ["key"],
  example: { key: "staging", name: "Staging" }
})
export type NewEnvironment = typeof environments.definition.Type
export type Environment = typeof environments.item.Type

/** Units that get no experiment and no release of a team, or of anybody, so that what those bring together can be told. */
export const holdouts = resource({
  name: "holdouts",
  singular: "holdout",
  identifier: "Holdout",
  fields: {
    /** Never changes: it is hashed. */
    key: DefinitionKey,
    name: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))),
    description: Note,
    /** Share of the units, 5 by default. A share that grows keeps the units that it had. */
    percent: Schema.optionalKey(Percent),
    unit: Schema.optionalKey(UnitAttributes),
    /** Binds the experiments and releases of this team alone; those of everybody without it. */
    team: Schema.optionalKey(DefinitionKey)
  },
  unique: ["key"],
  example: { key: "everybody", percent: 5 }
})
export const holdoutPercentUsual = 5
export type NewHoldout = typeof holdouts.definition.Type
export type Holdout = typeof holdouts.item.Type
