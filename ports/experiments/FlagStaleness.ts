import { Schema } from "effect"

/** Days that a flag is as it was before it may be stale. */
export const staleDays = 14

export const StalenessReason = Schema.Literals([
  /** Nobody evaluated it, in any environment. */
  "unused",
  /** It gives everybody the same variant, in every environment that it speaks of. */
  "one_sided"
])
export type StalenessReason = typeof StalenessReason.Type

/** Whether a flag has done its work. Times in ms UTC. */
export const FlagStaleness = Schema.Struct({
  flag: Schema.String,
  /** `permanent` flags are meant to stay: they are never stale. */
  state: Schema.Literals(["active", "stale", "permanent", "archived"]),
  /** Those that have held for 14 days or longer; of a permanent flag too. */
  reasons: Schema.Array(StalenessReason),
  /** Since when one of them holds without a change of the flag, or of an experiment that it serves; `null`: none does. */
  since: Schema.NullOr(Schema.Int),
  changed_at: Schema.Int,
  /** Begin of the last hour in which it was evaluated; `null`: not in the last 90 days. */
  evaluated_at: Schema.NullOr(Schema.Int),
  environments: Schema.Array(
    Schema.Struct({
      environment: Schema.String,
      /** What everybody gets; `null`: no value, the code's own default. Absent where some get another one. */
      everybody: Schema.optionalKey(Schema.NullOr(Schema.String))
    })
  ),
  /** Branches whose code names it. */
  code_branches: Schema.Int
}).annotate({ identifier: "FlagStaleness" })
export type FlagStaleness = typeof FlagStaleness.Type
