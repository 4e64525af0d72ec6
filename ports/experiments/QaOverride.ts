import { Schema } from "effect"
import { resource } from "../documents/Resource.ts"
import { DefinitionKey, OverrideTarget, overrideUnitsMax, VariantName } from "./FlagFile.ts"

/** Overrides of one workspace. */
export const qaOverridesMax = 200

/** Testers who get one variant of a flag or a running experiment, whatever its rules say, and are never exposed to it. */
export const qaOverrides = resource({
  name: "qa_overrides",
  singular: "override",
  identifier: "QaOverride",
  fields: {
    /** Never changes. */
    key: DefinitionKey,
    description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000))),
    target: OverrideTarget,
    /** Where a flag is overridden; `production` by default. An experiment has an environment of its own. */
    environment: Schema.optionalKey(DefinitionKey),
    variant: VariantName,
    /** The attribute that names the units; `user_id` by default. */
    attribute: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100))),
    units: Schema.Array(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300))).check(
      Schema.isMaxLength(overrideUnitsMax)
    )
  },
  unique: ["key"],
  example: { key: "testers", target: { flag: "new-checkout" }, variant: "on", units: ["ada", "grace"] }
})
export const overrideAttributeUsual = "user_id"
export type NewQaOverride = typeof qaOverrides.definition.Type
export type QaOverride = typeof qaOverrides.item.Type
