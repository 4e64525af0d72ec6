import { Schema } from "effect"

/** What was done in one place where a person's data lay, and what was not. */
export const ErasedStore = Schema.Struct({
  store: Schema.Literals([
    "subject_keys",
    "event_store",
    "event_lake",
    "exports",
    "cohorts",
    "analytics_definitions",
    "definitions",
    "archetypes",
    "qa_links",
    "emails",
    "recent_contexts",
    "sticky_assignments",
    "merges",
    "privacy_requests",
    "event_log",
    "dead_letters",
    "audit_log",
    "backups"
  ]),
  /** From when on nothing there answers with the person; null where that is not so. */
  at: Schema.NullOr(Schema.String),
  /** When what lay there was overwritten on the disk; null where that is not so, or not yet: `what` says which. */
  rewritten_at: Schema.NullOr(Schema.String),
  /** Keys, events, files, lists or merges that went. */
  removed: Schema.NullOr(Schema.Int),
  what: Schema.String
})
export type ErasedStore = typeof ErasedStore.Type

const fields = {
  id: Schema.String,
  workspace: Schema.String,
  /** HMAC-SHA-256 of the id under the workspace's key, never the id. */
  person: Schema.String,
  requested_at: Schema.String,
  /** From then on the person is in no answer. */
  accepted_at: Schema.String,
  /** When the log is rewritten at the latest. */
  rewritten_by: Schema.String,
  /** When nothing was left to be done; null until then. */
  completed_at: Schema.NullOr(Schema.String),
  /** User ids and device ids that were the person's. */
  subjects: Schema.Int,
  stores: Schema.Array(ErasedStore)
}

export const ErasureReceipt = Schema.Struct({
  ...fields,
  /** All other fields as a compact JWS (EdDSA), signed with a key of `GET /platform/receipt-keys`. */
  signed: Schema.String
}).annotate({ identifier: "ErasureReceipt" })
export type ErasureReceipt = typeof ErasureReceipt.Type

/** Hours from the request of an erasure to the end of the rewriting of what it reaches, at the most. */
export const rewritingHoursMax = 24

export const ErasureReceipts = Schema.Struct({
  items: Schema.Array(ErasureReceipt),
  next: Schema.NullOr(Schema.String)
}).annotate({ identifier: "ErasureReceipts" })

export const ReceiptKeys = Schema.Struct({
  keys: Schema.Array(
    Schema.Struct({
      kty: Schema.String,
      crv: Schema.String,
      x: Schema.String,
      kid: Schema.String,
      alg: Schema.String,
      use: Schema.String
    })
  )
}).annotate({ identifier: "ReceiptKeys" })
