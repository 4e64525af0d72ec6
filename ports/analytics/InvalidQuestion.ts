import { Schema } from "effect"
import { FieldError } from "./IngestReceipt.ts"

/** A question that cannot be answered as it is asked: every wrong field, with the nearest known name. */
export class InvalidQuestion extends Schema.TaggedError<InvalidQuestion>()("InvalidQuestion", {
  errors: Schema.Array(FieldError)
}) {}
