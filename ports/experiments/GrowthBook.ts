import { Schema } from "effect"
import { ContextAttributes } from "./EvaluateRequest.ts"

/** Variations and features that one request may force, each. */
export const growthbookForcedMax = 100

/** What GrowthBook's clients read of a feature; rules are in its own words (https://docs.growthbook.io/lib/build-your-own). */
export const GrowthBookFeature = Schema.Struct({
  /** `null`: the code's own default. */
  defaultValue: Schema.Unknown,
  rules: Schema.optionalKey(Schema.Array(Schema.Record(Schema.String, Schema.Unknown)))
}).annotate({ identifier: "GrowthBookFeature" })
export type GrowthBookFeature = typeof GrowthBookFeature.Type

export const GrowthBookFeatures = Schema.Struct({
  status: Schema.Literal(200),
  features: Schema.Record(Schema.String, GrowthBookFeature),
  savedGroups: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  experiments: Schema.Array(Schema.Unknown),
  /** Another one for every revision. */
  dateUpdated: Schema.String,
  /** Flags that these clients cannot evaluate by themselves: they are not in `features`, and served by remote evaluation. */
  remoteOnly: Schema.optionalKey(Schema.Array(Schema.String))
}).annotate({ identifier: "GrowthBookFeatures" })
export type GrowthBookFeatures = typeof GrowthBookFeatures.Type

/** What a client in remote evaluation sends. */
export const GrowthBookEvalRequest = Schema.Struct({
  attributes: ContextAttributes,
  /** Places of variations by experiment. */
  forcedVariations: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.Int).check(Schema.isMaxProperties(growthbookForcedMax))
  ),
  /** Pairs of a feature and its value: the client itself sees to them. */
  forcedFeatures: Schema.optionalKey(Schema.Array(Schema.Unknown).check(Schema.isMaxLength(growthbookForcedMax))),
  url: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(8192)))
}).annotate({
  identifier: "GrowthBookEvalRequest",
  examples: [{ attributes: { user_id: "u1", country: "DE" }, forcedVariations: {}, forcedFeatures: [], url: "" }]
})
export type GrowthBookEvalRequest = typeof GrowthBookEvalRequest.Type
