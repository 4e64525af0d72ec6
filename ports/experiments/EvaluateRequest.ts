import { Schema } from "effect"
import { EvaluationReason } from "./Evaluation.ts"
import { DefinitionKey } from "./FlagFile.ts"

/** Flags named in one request. */
export const bulkKeysMax = 1000
/** Bytes of a context as JSON are limited by the body; names of it, by this. */
export const contextAttributesMax = 200

/** What is known of whom a flag is evaluated for; `user_id` and `anonymous_id` are what is hashed by default. */
export const ContextAttributes = Schema.Record(Schema.String, Schema.Unknown)
  .check(Schema.isMaxProperties(contextAttributesMax))
  .annotate({ identifier: "ContextAttributes" })

const context = {
  context: Schema.optionalKey(ContextAttributes),
  /** `production` by default. */
  environment: Schema.optionalKey(DefinitionKey)
}

export const EvaluateRequest = Schema.Struct(context).annotate({
  identifier: "EvaluateRequest",
  examples: [{ context: { user_id: "u1", country: "DE" } }]
})
export type EvaluateRequest = typeof EvaluateRequest.Type

export const BulkEvaluateRequest = Schema.Struct({
  ...context,
  /** All flags where none are named. */
  keys: Schema.optionalKey(Schema.Array(DefinitionKey).check(Schema.isMaxLength(bulkKeysMax)))
}).annotate({ identifier: "BulkEvaluateRequest", examples: [{ context: { user_id: "u1" } }] })
export type BulkEvaluateRequest = typeof BulkEvaluateRequest.Type

/** A flag's value for a context, and why. */
export const EvaluatedValue = Schema.Struct({
  key: Schema.String,
  /** Not there: the code's own default. */
  value: Schema.optionalKey(Schema.Unknown),
  variant: Schema.NullOr(Schema.String),
  reason: EvaluationReason,
  /** The rule that served it. */
  rule: Schema.NullOr(Schema.String),
  bucket: Schema.NullOr(Schema.Finite),
  metadata: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])),
  /** Raised by every change of a definition. */
  revision: Schema.Int
}).annotate({ identifier: "EvaluatedValue" })
export type EvaluatedValue = typeof EvaluatedValue.Type

export const EvaluatedValues = Schema.Struct({
  flags: Schema.Array(
    Schema.Union([
      EvaluatedValue,
      Schema.Struct({ key: Schema.String, error_code: Schema.Literals(["FLAG_NOT_FOUND"]), detail: Schema.String })
    ])
  ),
  environment: Schema.String,
  revision: Schema.Int
}).annotate({ identifier: "EvaluatedValues" })
export type EvaluatedValues = typeof EvaluatedValues.Type
