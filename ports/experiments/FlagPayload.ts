import { Schema } from "effect"
import { EvaluatedValue } from "./EvaluateRequest.ts"
import { FlagFile } from "./FlagFile.ts"

const { revision: _, ...valueFields } = EvaluatedValue.fields

/** All flags of one environment for one context, without the rules that they come from. */
export const FlagValues = Schema.Struct({
  environment: Schema.String,
  flags: Schema.Array(Schema.Struct(valueFields))
}).annotate({ identifier: "FlagValues" })
export type FlagValues = typeof FlagValues.Type

/** What a client is given to evaluate with: the definitions, or what they come to for one context. */
export const FlagPayload = Schema.Union([FlagFile, FlagValues])

/** Streams of flags open at once in this process. */
export const flagStreamsMax = 5000
/** Those of one key, and of one browser key from one address. */
export const flagStreamsKeyMax = 1000
export const flagStreamsBrowserMax = 100
/** A stream with nothing to say says so, that nobody between takes it for dead. */
export const flagStreamBeatMillis = 15_000
/** A reader that takes nothing for this time while something waits for it is dropped. */
export const flagStreamStallMillisMax = 10_000
/** After the end of a stream its reader waits for so long, by the standard's `retry`. */
export const flagStreamRetryMillis = 2000
