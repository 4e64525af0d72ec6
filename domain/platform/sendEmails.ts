import { Clock, Effect, Metric } from "effect"
import { SecureRandom } from "effect/crypto"
import { DocumentStore, listLimitMax } from "../../ports/documents/DocumentStore.ts"
import type { DuplicateKey, StoredDocument } from "../../ports/documents/DocumentStore.ts"
import { EmailSender } from "../../ports/email/EmailSender.ts"
import { emailsWaitingMax, outgoingEmails } from "../../ports/email/OutgoingEmail.ts"
import type { EmailPurpose, OutgoingEmail, OutgoingEmailItem } from "../../ports/email/OutgoingEmail.ts"
import { fromZero } from "../../ports/platform/fromZero.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { auditOf } from "./audit.ts"
import type { Actor } from "./audit.ts"
import { forEveryWorkspace } from "./everyWorkspace.ts"
import { once } from "./idempotency.ts"
import { abandonedAttempt, beginAttempt, putEmail, queuedEmail, settleAttempt } from "./outgoingEmail.ts"
import type { AttemptOutcome } from "./outgoingEmail.ts"
import { withoutConflict } from "./withoutConflict.ts"

const { name: collection } = outgoingEmails

const attempts = Metric.counter("marketing_email_attempts_total", {
  description: "Attempts to hand a message to the mail server or folder, by purpose and outcome",
  incremental: true
})
const purposes = ["alert", "digest", "test"] as const
const outcomes = ["accepted", "refused", "unknown", "away"] as const
const attemptsOf = Object.fromEntries(
  purposes.map((purpose) => [
    purpose,
    Object.fromEntries(
      outcomes.map((outcome) => [outcome, fromZero(Metric.withAttributes(attempts, { purpose, outcome }))])
    )
  ])
)
const count = (purpose: EmailPurpose, outcome: AttemptOutcome["outcome"]) =>
  Metric.update(attemptsOf[purpose]![outcome]!, 1)

/** Messages of a workspace that one round sends; the next takes the rest, so that no workspace holds up the others. */
export const emailsOfRoundMax = 50
/** Messages one after the other that no server took: a server is away, and the others of a workspace wait for their next round. */
export const awayInARowMax = 3

const listDue = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  status: "waiting" | "sending",
  before: number,
  limit: number
) {
  const documents = yield* DocumentStore
  const by = { workspace, collection, index: "by_due", equals: [status], range: { to: before } }
  const page = yield* Effect.catchTag(documents.list({ ...by, limit }), "InvalidCursor", Effect.die)
  return page.items
})

/** Stores the next state of a message; `undefined` where another process was faster. */
const advance = Effect.fnUntraced(function* (workspace: WorkspaceId, email: OutgoingEmail, expected: number) {
  const documents = yield* DocumentStore
  return yield* documents.commit(workspace, { writes: [putEmail(email, expected)] }).pipe(
    Effect.map(([revision]) => revision),
    Effect.catchTag("StaleRevision", () => Effect.as(Effect.void, undefined)),
    withoutConflict
  )
})

const attempt = Effect.fnUntraced(function* ({ created_at: date, html, id, subject, text, to }: OutgoingEmail) {
  const sender = yield* EmailSender
  const message = { id, to, subject, text, date }
  return yield* Effect.catch(
    Effect.map(sender.send(html === undefined ? message : { ...message, html }), (each): AttemptOutcome => each),
    ({ detail }): Effect.Effect<AttemptOutcome> => Effect.succeed({ outcome: "away", detail })
  )
})

/** The attempt is on the disk before the message leaves. */
const sendOne = Effect.fnUntraced(function* (workspace: WorkspaceId, { data, revision }: StoredDocument) {
  const email = beginAttempt(data as OutgoingEmail, yield* Clock.currentTimeMillis)
  const begun = yield* advance(workspace, email, revision)
  if (begun === undefined) return undefined
  const outcome = yield* attempt(email)
  const settled = settleAttempt(email, outcome, yield* Clock.currentTimeMillis)
  yield* advance(workspace, settled, begun)
  yield* count(email.purpose, outcome.outcome)
  if (outcome.outcome !== "accepted") {
    const { attempts, purpose, status } = settled
    yield* Effect.logWarning("a message was not accepted", {
      email: email.id,
      purpose,
      attempts,
      status,
      outcome: outcome.outcome
    })
  }
  return outcome.outcome
})

/** Sends what is due of a workspace, oldest first. */
const sendDueOf = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const now = yield* Clock.currentTimeMillis
  for (const { data, revision } of yield* listDue(workspace, "sending", now, emailsOfRoundMax)) {
    const email = data as OutgoingEmail
    yield* advance(workspace, settleAttempt(email, abandonedAttempt, now), revision)
    yield* count(email.purpose, abandonedAttempt.outcome)
  }
  let away = 0
  for (const due of yield* listDue(workspace, "waiting", now + 1, emailsOfRoundMax)) {
    away = (yield* sendOne(workspace, due)) === "away" ? away + 1 : 0
    if (away === awayInARowMax) return
  }
})

/** Hands every message that is due to the sender, of all workspaces. */
export const sendDueEmails = forEveryWorkspace(sendDueOf)

const itemOf = (data: unknown): OutgoingEmailItem => {
  const { html: _, text: __, ...item } = data as OutgoingEmail
  return item
}

/** Newest first, without their bodies. */
export const listEmails = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  limit: number,
  cursor: string | undefined
) {
  const documents = yield* DocumentStore
  const { items, next } = yield* documents.list({ workspace, collection, index: "by_time", equals: [], limit, cursor })
  return { items: items.map(({ data }) => itemOf(data)), next: next ?? null }
})

export const readEmail = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, collection, id)
  if (found !== undefined) return { email: found.data as OutgoingEmail, revision: found.revision }
  return yield* new Refused({ kind: "not-found", detail: `there is no message ${id}`, errors: [] })
})

const testText = `This is a test message of your analytics service. It was asked for by its interface.

That you read it shows that alerts and digests can reach this address.
`

/** Puts a message with a fixed text into the queue, to try the way of mail out. */
export const queueTestEmail = Effect.fn("queueTestEmail")(function* (actor: Actor, to: string) {
  const documents = yield* DocumentStore
  return yield* once<OutgoingEmailItem, DuplicateKey, SecureRandom.SecureRandom | DocumentStore>(
    actor,
    Effect.fnUntraced(function* (remember) {
      const waiting = yield* listDue(actor.workspace, "waiting", Number.MAX_SAFE_INTEGER, listLimitMax)
      if (waiting.length >= emailsWaitingMax) {
        const detail = `${emailsWaitingMax} messages wait already`
        return yield* new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code: "too_many", detail }] })
      }
      const now = yield* Clock.currentTimeMillis
      const id = yield* Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV7())
      const email = queuedEmail(
        { id, purpose: "test", source: `keys/${actor.keyId}`, to, subject: "A test message", text: testText },
        now
      )
      const item = itemOf(email)
      yield* documents.commit(actor.workspace, {
        writes: [putEmail(email, 0)],
        audit: [yield* auditOf(actor, now, "email.queued", `${collection}/${id}`, undefined, item)],
        ...remember(item)
      })
      return item
    })
  )
})
