import { Schema } from "effect"
import { FieldError } from "../analytics/IngestReceipt.ts"
import { changesMax, FieldDifference } from "./ChangeRequest.ts"
import { DefinitionKey } from "./FlagFile.ts"

/** What one environment says of a flag. */
export const PromotedPart = Schema.Literals(["enabled", "off_variant", "default_variant", "prerequisites", "rules"])
export type PromotedPart = typeof PromotedPart.Type
export const promotedParts = PromotedPart.literals

/** What is to be taken over from one environment into another. */
export const NewPromotion = Schema.Struct({
  to: DefinitionKey,
  /** All that the first environment says something of, where none are named. */
  flags: Schema.optionalKey(Schema.Array(DefinitionKey).check(Schema.isMinLength(1), Schema.isMaxLength(changesMax))),
  /** All by default. What the first environment does not say of a part, the other does not say either. */
  parts: Schema.optionalKey(Schema.Array(PromotedPart).check(Schema.isMinLength(1), Schema.isMaxLength(5))),
  /** Tells what would differ, and changes nothing. */
  dry_run: Schema.optionalKey(Schema.Boolean)
}).annotate({ identifier: "NewPromotion", examples: [{ to: "production", parts: ["rules"], dry_run: true }] })
export type NewPromotion = typeof NewPromotion.Type

export const Promotion = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  /** `in_review`: the environment asks for approvals, and a change request waits for them. */
  outcome: Schema.Literals(["dry_run", "unchanged", "applied", "in_review"]),
  change_request: Schema.NullOr(Schema.String),
  /** Approvals that it needs. */
  approvals: Schema.Int,
  /** Flags of which something differs, by key. */
  flags: Schema.Array(Schema.Struct({ flag: Schema.String, differences: Schema.Array(FieldDifference) })),
  /** What stands in its way; only a dry run tells it so. */
  errors: Schema.Array(FieldError)
}).annotate({ identifier: "Promotion" })
export type Promotion = typeof Promotion.Type
