import type { EmailOutcome } from "../../ports/email/EmailSender.ts"
import { bodyCharactersMax, subjectCharactersMax } from "../../ports/email/EmailSender.ts"
import type { DocumentWrite } from "../../ports/documents/DocumentStore.ts"
import { emailAgeMillisMax, emailKeptDays, outgoingEmails } from "../../ports/email/OutgoingEmail.ts"
import type { EmailPurpose, OutgoingEmail } from "../../ports/email/OutgoingEmail.ts"

/** Far longer than one hand-over takes: whoever began it is gone. */
export const attemptMillisMax = 5 * 60_000
/** Wait after a first failure; it doubles with each up to the longest. */
export const retryMillisFirst = 30_000
export const retryMillisMax = 30 * 60_000
/**
 * Attempts of unknown outcome after which a message is not sent again. Alerts and reports are asked for by their readers,
 * to whom a copy is worth less than silence costs: they have one second attempt, under the same Message-ID.
 */
export const unknownAttemptsMax: Readonly<Record<EmailPurpose, number>> = { alert: 2, digest: 2, test: 1 }

const dayMillis = 86_400_000

export interface NewEmail {
  readonly id: string
  readonly purpose: EmailPurpose
  readonly source: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html?: string
}

const cut = (text: string, charactersMax: number): string =>
  text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`

/** A message that waits to be sent at once; a title of any length fits into its subject. */
export const queuedEmail = (email: NewEmail, now: number): OutgoingEmail => ({
  ...email,
  subject: cut(email.subject.replaceAll(/\s+/g, " "), subjectCharactersMax),
  text: cut(email.text, bodyCharactersMax),
  status: "waiting",
  attempts: 0,
  unknown_attempts: 0,
  created_at: now,
  due_at: now,
  finished_at: null,
  detail: null
})

/** A sender is about to be given the message: this is stored before. */
export const beginAttempt = (email: OutgoingEmail, now: number): OutgoingEmail => ({
  ...email,
  status: "sending",
  attempts: email.attempts + 1,
  due_at: now + attemptMillisMax
})

/** What came of an attempt; `away`: it surely was not taken. */
export type AttemptOutcome = EmailOutcome | { readonly outcome: "away"; readonly detail: string }

const finished = (email: OutgoingEmail, status: OutgoingEmail["status"], detail: string | null, now: number) => ({
  ...email,
  status,
  detail,
  due_at: null,
  finished_at: now
})

/** What becomes of a message after an attempt. */
export const settleAttempt = (email: OutgoingEmail, outcome: AttemptOutcome, now: number): OutgoingEmail => {
  if (outcome.outcome === "accepted") return finished(email, "accepted", null, now)
  const { detail } = outcome
  if (outcome.outcome === "refused") return finished(email, "refused", detail, now)
  const unknown_attempts = email.unknown_attempts + (outcome.outcome === "unknown" ? 1 : 0)
  const counted = { ...email, unknown_attempts }
  if (outcome.outcome === "unknown" && unknown_attempts >= unknownAttemptsMax[email.purpose]) {
    return finished(counted, "unknown", detail, now)
  }
  const due_at = now + Math.min(retryMillisFirst * 2 ** Math.min(email.attempts - 1, 20), retryMillisMax)
  if (due_at - email.created_at > emailAgeMillisMax) return finished(counted, "expired", detail, now)
  return { ...counted, status: "waiting", due_at, detail }
}

/** The process that began the attempt ended before it heard of its outcome. */
export const abandonedAttempt = {
  outcome: "unknown",
  detail: "the service ended while the message was being handed over"
} as const satisfies AttemptOutcome

/** Stores a message in place of the revision that is named; 0: a new one. */
export const putEmail = (email: OutgoingEmail, expected: number): DocumentWrite => ({
  kind: "put",
  collection: outgoingEmails.name,
  id: email.id,
  expected,
  schema_version: 1,
  subjects: [],
  ...(email.finished_at === null ? {} : { expires_at: email.finished_at + emailKeptDays * dayMillis }),
  data: email
})
