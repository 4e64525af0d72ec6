import { Schema } from "effect"
import { EventNote } from "./StoredEvent.ts"

/** Why an event was answered and not kept: a closed set, each counted in the metrics. */
export const DropReason = Schema.Literals(["bot", "referrer_spam", "excluded_network", "datacenter", "erased"])
export type DropReason = typeof DropReason.Type
export const dropReasons = DropReason.literals

/** One wrong field: RFC 6901 pointer into the body, a stable code, and a sentence. */
export const FieldError = Schema.Struct({ pointer: Schema.String, code: Schema.String, detail: Schema.String })
export type FieldError = typeof FieldError.Type

export const IngestReceipt = Schema.Struct({
  event_id: Schema.String,
  /** Stored before: nothing was stored again. */
  duplicate: Schema.optionalKey(Schema.Literal(true)),
  dropped: Schema.optionalKey(DropReason),
  notes: Schema.optionalKey(Schema.Array(EventNote))
}).annotate({ identifier: "IngestReceipt", examples: [{ event_id: "0b7c6c62-8f7e-4c8e-9d3b-0d6a5f1c2e34" }] })
export type IngestReceipt = typeof IngestReceipt.Type

export const BatchItem = Schema.Struct({
  index: Schema.Int,
  status: Schema.Literals(["stored", "duplicate", "dropped", "refused"]),
  event_id: Schema.optionalKey(Schema.String),
  /** Stored before, by another request or earlier in this batch. */
  duplicate: Schema.optionalKey(Schema.Literal(true)),
  dropped: Schema.optionalKey(DropReason),
  notes: Schema.optionalKey(Schema.Array(EventNote)),
  errors: Schema.optionalKey(Schema.Array(FieldError))
})
export type BatchItem = typeof BatchItem.Type

export const BatchReceipt = Schema.Struct({
  stored: Schema.Int,
  duplicates: Schema.Int,
  dropped: Schema.Int,
  refused: Schema.Int,
  /** One for each event, in order. */
  results: Schema.Array(BatchItem)
}).annotate({ identifier: "BatchReceipt" })
export type BatchReceipt = typeof BatchReceipt.Type

/** The body as a whole was refused; nothing of it was stored. */
export class InvalidEvents extends Schema.TaggedError<InvalidEvents>()("InvalidEvents", {
  status: Schema.Literals([400, 403, 413]),
  detail: Schema.String,
  errors: Schema.Array(FieldError)
}) {}
