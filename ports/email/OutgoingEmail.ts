import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"

/** Days that a message is listed once its end is known. */
export const emailKeptDays = 30
/** Time that a server which is away, or says "later", has to take a message: after that it is too old to be news. */
export const emailAgeMillisMax = 24 * 3_600_000
/** Messages of one workspace that may wait when a request asks for one more. */
export const emailsWaitingMax = 100

export const EmailPurpose = Schema.Literals(["alert", "digest", "test"])
export type EmailPurpose = typeof EmailPurpose.Type

export const EmailStatus = Schema.Literals([
  /** To be sent when `due_at` has come. */
  "waiting",
  /** Handed to the sender; where nothing is heard of it until `due_at`, the process ended in the middle. */
  "sending",
  /** The next server has it. */
  "accepted",
  /** The server will never take it. */
  "refused",
  /** It may or may not be on its way, and is not sent again. */
  "unknown",
  /** No server took it in 24 hours. */
  "expired"
])
export type EmailStatus = typeof EmailStatus.Type

const fields = {
  id: Schema.String,
  purpose: EmailPurpose,
  /** What it speaks of: collection and id. */
  source: Schema.String,
  to: Schema.String,
  subject: Schema.String,
  status: EmailStatus,
  attempts: Schema.Int,
  /** Of attempts of which it is not known whether the server took the message. */
  unknown_attempts: Schema.Int,
  /** ms UTC, as all times here. */
  created_at: Schema.Int,
  due_at: Schema.NullOr(Schema.Int),
  finished_at: Schema.NullOr(Schema.Int),
  /** What the last server or connection said. */
  detail: Schema.NullOr(Schema.String)
}

/** A message in the list of those that were sent or wait. */
export const OutgoingEmailItem = Schema.Struct(fields).annotate({ identifier: "OutgoingEmailItem" })
export type OutgoingEmailItem = typeof OutgoingEmailItem.Type

export const OutgoingEmail = Schema.Struct({
  ...fields,
  text: Schema.String,
  html: Schema.optionalKey(Schema.String)
}).annotate({ identifier: "OutgoingEmail" })
export type OutgoingEmail = typeof OutgoingEmail.Type

export const outgoingEmails: Collection = {
  name: "outgoing_emails",
  unique: [],
  indexes: [
    { name: "by_time", equals: [], sort: "created_at", direction: "descending" },
    { name: "by_due", equals: ["status"], sort: "due_at", direction: "ascending" }
  ]
}
