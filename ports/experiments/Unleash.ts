import { Schema } from "effect"
import { definitionsMax } from "./FlagFile.ts"

/**
 * What clients of Unleash send and read. Source: the schemas of its open client specification and SDKs
 * (https://github.com/Unleash/client-specification, version 5). Fields that nobody here needs are taken and left.
 */

export const UnleashConstraint = Schema.Struct({
  contextName: Schema.String,
  operator: Schema.Literals([
    "IN",
    "NOT_IN",
    "NUM_EQ",
    "NUM_GT",
    "NUM_GTE",
    "NUM_LT",
    "NUM_LTE",
    "SEMVER_EQ",
    "SEMVER_GT",
    "SEMVER_LT"
  ]),
  inverted: Schema.Boolean,
  caseInsensitive: Schema.Boolean,
  values: Schema.Array(Schema.String),
  value: Schema.optionalKey(Schema.String)
})
export type UnleashConstraint = typeof UnleashConstraint.Type

export const UnleashPayload = Schema.Struct({
  type: Schema.Literals(["string", "number", "json"]),
  value: Schema.String
})
export type UnleashPayload = typeof UnleashPayload.Type

export const UnleashVariant = Schema.Struct({
  name: Schema.String,
  /** Of a thousand. */
  weight: Schema.Finite,
  stickiness: Schema.String,
  payload: UnleashPayload
})
export type UnleashVariant = typeof UnleashVariant.Type

export const UnleashStrategy = Schema.Struct({
  name: Schema.Literals(["default", "flexibleRollout"]),
  parameters: Schema.Record(Schema.String, Schema.String),
  constraints: Schema.Array(UnleashConstraint),
  variants: Schema.Array(UnleashVariant)
})
export type UnleashStrategy = typeof UnleashStrategy.Type

export const UnleashFeature = Schema.Struct({
  name: Schema.String,
  type: Schema.Literal("release"),
  enabled: Schema.Boolean,
  stale: Schema.Boolean,
  impressionData: Schema.Boolean,
  project: Schema.Literal("default"),
  strategies: Schema.Array(UnleashStrategy),
  variants: Schema.Array(UnleashVariant),
  dependencies: Schema.Array(Schema.Struct({ feature: Schema.String, enabled: Schema.Boolean }))
})
export type UnleashFeature = typeof UnleashFeature.Type

/** A flag that such a client would evaluate otherwise than we do, so that it is not sent; the front-end API has its value. */
export const LeftOut = Schema.Struct({ name: Schema.String, reason: Schema.String })
export type LeftOut = typeof LeftOut.Type

export const UnleashFeatures = Schema.Struct({
  version: Schema.Literal(2),
  features: Schema.Array(UnleashFeature),
  segments: Schema.Array(Schema.Never),
  query: Schema.Struct({ environment: Schema.String, inlineSegmentConstraints: Schema.Boolean }),
  left_out: Schema.Array(LeftOut)
}).annotate({ identifier: "UnleashFeatures" })
export type UnleashFeatures = typeof UnleashFeatures.Type

export const UnleashToggle = Schema.Struct({
  name: Schema.String,
  enabled: Schema.Boolean,
  impressionData: Schema.Boolean,
  variant: Schema.Struct({
    name: Schema.String,
    enabled: Schema.Boolean,
    feature_enabled: Schema.Boolean,
    payload: Schema.optionalKey(UnleashPayload)
  })
})
export type UnleashToggle = typeof UnleashToggle.Type

export const UnleashToggles = Schema.Struct({ toggles: Schema.Array(UnleashToggle) }).annotate({
  identifier: "UnleashToggles"
})
export type UnleashToggles = typeof UnleashToggles.Type

const open = <const Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.StructWithRest(Schema.Struct(fields), [Schema.Record(Schema.String, Schema.Unknown)])

const Short = Schema.String.check(Schema.isMaxLength(1000))
const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000_000 }))

/** Variants of one flag in one report. */
export const reportedVariantsMax = 100

/** Evaluations of a while, as a client that evaluates by itself counted them. */
export const UnleashMetrics = open({
  appName: Schema.optionalKey(Short),
  instanceId: Schema.optionalKey(Short),
  bucket: open({
    start: Schema.optionalKey(Short),
    stop: Schema.optionalKey(Short),
    toggles: Schema.Record(
      Schema.String,
      open({
        yes: Schema.optionalKey(Count),
        no: Schema.optionalKey(Count),
        variants: Schema.optionalKey(
          Schema.Record(Schema.String, Count).check(Schema.isMaxProperties(reportedVariantsMax))
        )
      })
    ).check(Schema.isMaxProperties(definitionsMax))
  })
}).annotate({
  identifier: "UnleashMetrics",
  examples: [
    {
      appName: "shop",
      instanceId: "shop-1",
      bucket: {
        start: "2026-11-30T10:00:00.000Z",
        stop: "2026-11-30T10:01:00.000Z",
        toggles: { checkout: { yes: 3, no: 1, variants: { short: 3 } } }
      }
    }
  ]
})
export type UnleashMetrics = typeof UnleashMetrics.Type

/** A client says that it is there. */
export const UnleashRegistration = open({ appName: Short, instanceId: Schema.optionalKey(Short) }).annotate({
  identifier: "UnleashRegistration",
  examples: [{ appName: "shop", instanceId: "shop-1", sdkVersion: "unleash-client-node:6.12.1" }]
})

/** Whom toggles are asked for. */
export const UnleashContext = open({
  userId: Schema.optionalKey(Schema.Unknown),
  sessionId: Schema.optionalKey(Schema.Unknown),
  remoteAddress: Schema.optionalKey(Schema.Unknown),
  appName: Schema.optionalKey(Schema.Unknown),
  properties: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
})
export type UnleashContext = typeof UnleashContext.Type

export const UnleashContextRequest = open({ context: Schema.optionalKey(UnleashContext) }).annotate({
  identifier: "UnleashContextRequest",
  examples: [{ context: { userId: "ada", properties: { country: "DE" } } }]
})
