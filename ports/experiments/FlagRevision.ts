import { Schema } from "effect"
import { Flag } from "./Flag.ts"

/** What a flag was from an instant on. Times in ms UTC; as `at` of explain they evaluate it as it was. */
export const FlagRevision = Schema.Struct({
  changed_at: Schema.Int,
  changed_by: Schema.String,
  change: Schema.Literals(["made", "changed", "deleted"]),
  /** The request that made it so; `null`: it was changed directly. */
  change_request: Schema.NullOr(Schema.String),
  /** `null`: it was deleted. */
  flag: Schema.NullOr(Flag)
}).annotate({ identifier: "FlagRevision" })
export type FlagRevision = typeof FlagRevision.Type
