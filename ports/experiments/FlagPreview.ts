import { Schema } from "effect"
import { flags } from "./Flag.ts"
import { DefinitionKey } from "./FlagFile.ts"

/** Units that one preview names. */
export const previewUnitsMax = 100

export const PreviewRequest = Schema.Struct({
  /** The flag as it might be, among all else that stands; nothing is stored. */
  draft: flags.definition,
  /** `production` by default. */
  environment: Schema.optionalKey(DefinitionKey),
  /** Units that change, to be named: with the scope `persons:read`. */
  units: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: previewUnitsMax })))
}).annotate({
  identifier: "PreviewRequest",
  examples: [
    {
      draft: {
        key: "new-checkout",
        type: "boolean",
        environments: {
          production: {
            enabled: true,
            default_variant: "off",
            rules: [{ id: "all-of-germany", condition: { country: "DE" }, serve: { variant: "on" } }]
          }
        }
      }
    }
  ]
})
export type PreviewRequest = typeof PreviewRequest.Type

const Variant = Schema.NullOr(Schema.String)

/** Who would get something else by a draft, of the contexts that were evaluated last. Exposes nobody. */
export const FlagPreview = Schema.Struct({
  flag: Schema.String,
  environment: Schema.String,
  revision: Schema.Int,
  /** Contexts that were tried, the last one of each unit. */
  contexts: Schema.Int,
  /** `flag`: for each of them the flag was evaluated; `environment`: it was for none, so that they are those of other flags. */
  contexts_of: Schema.Literals(["flag", "environment"]),
  /** When the first and the last of them was evaluated, in ms UTC; `null` without any. */
  from: Schema.NullOr(Schema.Int),
  to: Schema.NullOr(Schema.Int),
  /** Contexts whose value would be another. */
  changed: Schema.Int,
  share_changed: Schema.NullOr(Schema.Finite),
  /** The most frequent first. A variant is `null` where the code's own default is served. */
  variants: Schema.Array(
    Schema.Struct({ before: Variant, after: Variant, contexts: Schema.Int, value_changes: Schema.Boolean })
  ),
  /** Contexts by the rule that serves them; `null`: none does. */
  rules: Schema.Array(Schema.Struct({ rule: Variant, before: Schema.Int, after: Schema.Int })),
  /** Some of the units that change, the last ones first. */
  units: Schema.optionalKey(
    Schema.Array(Schema.Struct({ unit: Schema.String, unit_attribute: Schema.String, before: Variant, after: Variant }))
  )
}).annotate({ identifier: "FlagPreview" })
export type FlagPreview = typeof FlagPreview.Type
