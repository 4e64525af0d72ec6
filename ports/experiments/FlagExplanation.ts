import { Schema } from "effect"
import { TraceStep } from "./Evaluation.ts"
import { EvaluatedValue, EvaluateRequest } from "./EvaluateRequest.ts"
import { flags } from "./Flag.ts"
import { DefinitionKey, VariantName } from "./FlagFile.ts"

/** Variants forced in one request, of flags and of experiments, each. */
export const forcedMax = 100

const Variants = Schema.optionalKey(Schema.Record(DefinitionKey, VariantName).check(Schema.isMaxProperties(forcedMax)))
/** Variants that win over all else, by flag and by experiment. */
export const Forced = Schema.Struct({ flags: Variants, experiments: Variants }).annotate({ identifier: "Forced" })

export const ExplainRequest = Schema.Struct({
  ...EvaluateRequest.fields,
  /** The flag as it might be: evaluated in its stead, among all else that stands; nothing is stored. */
  draft: Schema.optionalKey(flags.definition),
  forced: Schema.optionalKey(Forced)
}).annotate({
  identifier: "ExplainRequest",
  examples: [{ context: { user_id: "u1", country: "DE" }, forced: { experiments: { "short-checkout": "control" } } }]
})
export type ExplainRequest = typeof ExplainRequest.Type

/** A flag's value for a context, with what became of each rule on the way. Nobody is exposed by it. */
export const FlagExplanation = Schema.Struct({
  ...EvaluatedValue.fields,
  /** Of all definitions; `null` of a time that is past. */
  revision: Schema.NullOr(Schema.Int),
  environment: Schema.String,
  /** The time whose definitions were asked, in ms UTC; `null`: those of now. */
  as_of: Schema.NullOr(Schema.Int),
  /** Rules up to the one that served, in order; empty where the flag is off, forced, or closed by a prerequisite. */
  trace: Schema.Array(TraceStep),
  /** What of another time is not known: members of cohorts. */
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
}).annotate({ identifier: "FlagExplanation" })
export type FlagExplanation = typeof FlagExplanation.Type
