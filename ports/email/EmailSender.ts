import type { Effect } from "effect"
import { Context, Schema } from "effect"
import type { PortFailure } from "../PortFailure.ts"

export const subjectCharactersMax = 200
/** UTF-16 units of each body. */
export const bodyCharactersMax = 500_000
export const recipientsMax = 20

/** An address alone, without a name: RFC 5321 allows 254 characters. ASCII, as not every server takes SMTPUTF8. */
export const EmailAddress = Schema.String.check(
  Schema.isMaxLength(254),
  Schema.isPattern(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])$/, {
    message: "must be an e-mail address"
  })
)

export interface EmailMessage {
  /** Stable over every attempt: it becomes the Message-ID, by which a mailbox recognises a copy. */
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html?: string
  /** ms UTC. */
  readonly date: number
}

export type EmailOutcome =
  /** The next server has it; whether it reaches the mailbox is not known. */
  | { readonly outcome: "accepted" }
  /** It will never be taken as it is. */
  | { readonly outcome: "refused"; readonly detail: string }
  /** The connection was lost after the message was handed over: it may or may not be on its way. */
  | { readonly outcome: "unknown"; readonly detail: string }

/**
 * Hands one message to one recipient. Promises no deduplication: the caller writes the attempt down first, and decides
 * what to do with an unknown one. A PortFailure says that the message was surely not taken; it may be tried again.
 */
export class EmailSender extends Context.Service<
  EmailSender,
  { readonly send: (message: EmailMessage) => Effect.Effect<EmailOutcome, PortFailure> }
>()("ports/email/EmailSender") {}
