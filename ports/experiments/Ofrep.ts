import { Schema } from "effect"
import { ContextAttributes } from "./EvaluateRequest.ts"

/** Why flags are evaluated remotely: the OpenFeature Remote Evaluation Protocol 0.3 (https://github.com/open-feature/protocol). */
export const ofrepErrorCodes = [
  "PARSE_ERROR",
  "TARGETING_KEY_MISSING",
  "INVALID_CONTEXT",
  "FLAG_NOT_FOUND",
  "GENERAL"
] as const
export type OfrepErrorCode = (typeof ofrepErrorCodes)[number]

/** The context's `targetingKey` counts as `user_id` where neither `user_id` nor `anonymous_id` is given. */
export const OfrepRequest = Schema.Struct({ context: ContextAttributes }).annotate({
  identifier: "OfrepRequest",
  examples: [{ context: { targetingKey: "u1", country: "DE" } }]
})
export type OfrepRequest = typeof OfrepRequest.Type

/** Flat, as the protocol wants it. */
const Metadata = Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite, Schema.Boolean]))

/** A flag's value as providers read it. */
export const OfrepValue = Schema.Struct({
  key: Schema.String,
  /** Not there: the code's own default. */
  value: Schema.optionalKey(Schema.Unknown),
  /** The protocol has no `DEFAULT`: that is `UNKNOWN` with `metadata.reason`. */
  reason: Schema.Literals(["STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED", "UNKNOWN"]),
  variant: Schema.optionalKey(Schema.String),
  metadata: Metadata
}).annotate({ identifier: "OfrepValue" })
export type OfrepValue = typeof OfrepValue.Type

/** Where a provider hears of changes; what it does not say, the provider completes from its base URL. */
export const OfrepEventStream = Schema.Struct({
  type: Schema.Literal("sse"),
  endpoint: Schema.Struct({ requestUri: Schema.String }),
  inactivityDelaySec: Schema.Int
}).annotate({ identifier: "OfrepEventStream" })
/** A page that nobody looks at listens for so long, the protocol's own default. */
export const inactivitySeconds = 120

/** What is told of a change: that values are to be fetched anew. `etag` is that of the flags, whoever asks. */
export const OfrepEvent = Schema.Struct({ type: Schema.Literal("refetchEvaluation"), etag: Schema.String }).annotate({
  identifier: "OfrepEvent"
})
export type OfrepEvent = typeof OfrepEvent.Type

export const OfrepValues = Schema.Struct({
  flags: Schema.Array(OfrepValue),
  /** For browser keys: a page's `EventSource` can bear no other key. */
  eventStreams: Schema.optionalKey(Schema.Array(OfrepEventStream)),
  metadata: Metadata
}).annotate({ identifier: "OfrepValues" })
export type OfrepValues = typeof OfrepValues.Type

const failure = {
  errorCode: Schema.Literals(ofrepErrorCodes),
  errorDetails: Schema.optionalKey(Schema.String)
}
/** What is wrong with a request for one flag. */
export const OfrepFailure = Schema.Struct({ key: Schema.String, ...failure }).annotate({ identifier: "OfrepFailure" })
/** What is wrong with a request for all flags. */
export const OfrepBulkFailure = Schema.Struct(failure).annotate({ identifier: "OfrepBulkFailure" })
