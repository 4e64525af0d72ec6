import { assert, describe, it } from "vitest"
import * as fc from "fast-check"
import { emailAgeMillisMax } from "../../ports/email/OutgoingEmail.ts"
import type { OutgoingEmail } from "../../ports/email/OutgoingEmail.ts"
import { beginAttempt, queuedEmail, retryMillisMax, settleAttempt, unknownAttemptsMax } from "./outgoingEmail.ts"
import type { AttemptOutcome } from "./outgoingEmail.ts"

const start = 1_790_000_000_000
const email = (purpose: "alert" | "test" = "alert") =>
  queuedEmail({ id: "e", purpose, source: "alerts/a", to: "anna@example.org", subject: "s", text: "t" }, start)
const attempted = (before: OutgoingEmail, outcome: AttemptOutcome, now: number) =>
  settleAttempt(beginAttempt(before, now), outcome, now)
const unknown = { outcome: "unknown", detail: "connection lost" } as const
const away = { outcome: "away", detail: "no route" } as const

describe("a message", () => {
  it("is at its end once it was accepted or refused", () => {
    assert.deepInclude(attempted(email(), { outcome: "accepted" }, start + 1), {
      status: "accepted",
      attempts: 1,
      due_at: null,
      finished_at: start + 1
    })
    assert.deepInclude(attempted(email(), { outcome: "refused", detail: "550" }, start), {
      status: "refused",
      detail: "550"
    })
  })

  it("of an alert is sent once more where its outcome is unknown; a test message is not", () => {
    const once = attempted(email(), unknown, start)
    assert.deepInclude(once, { status: "waiting", unknown_attempts: 1 })
    assert.deepInclude(attempted(once, unknown, once.due_at!), { status: "unknown", attempts: 2, due_at: null })
    assert.deepInclude(attempted(email("test"), unknown, start), { status: "unknown", attempts: 1 })
  })

  it("waits longer from one failure to the next, and ends within a day whatever comes", () => {
    const outcome = fc.constantFrom<AttemptOutcome>(away, away, away, unknown, { outcome: "refused", detail: "550" })
    fc.assert(
      fc.property(
        fc.infiniteStream(outcome),
        fc.constantFrom("alert" as const, "test" as const),
        (outcomes, purpose) => {
          let current = email(purpose)
          let pause = 0
          while (current.status === "waiting") {
            const at = current.due_at!
            current = attempted(current, outcomes.next().value, at)
            if (current.due_at === null) break
            assert.isAtLeast(current.due_at - at, pause)
            pause = current.due_at - at
            assert.isAtMost(pause, retryMillisMax)
            assert.isAtMost(current.due_at - start, emailAgeMillisMax)
          }
          assert.isNotNull(current.finished_at)
          assert.isAtMost(current.unknown_attempts, unknownAttemptsMax[purpose])
          assert.isAtMost(current.attempts, 60)
        }
      )
    )
  })

  it("has one line of subject, cut where it is too long", () => {
    const long = queuedEmail({ ...email(), subject: `a\r\nBcc: b@example.org ${"x".repeat(300)}` }, start)
    assert.match(long.subject, /^a Bcc: b@example\.org x+…$/)
    assert.strictEqual(long.subject.length, 200)
  })
})
