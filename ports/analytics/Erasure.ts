import { Schema } from "effect"

/** What was done in one place where a person's data lay, and what was not. */
export const ErasedStore = Schema.Struct({
  store: Schema.Literals([
    "subject_keys",
    "event_store",
    "event_lake",
    "cohorts",
    "merges",
    "event_log",
    "dead_letters",
    "audit_log",
    "backups"
  ]),
  at: Schema.NullOr(Schema.String),
  /** Keys, events, lists or merges that went. */
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
  completed_at: Schema.String,
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
