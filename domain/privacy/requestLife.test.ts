import { assert, describe, it } from "@effect/vitest"
import type { KeptRequest } from "../../ports/privacy/PrivacyRequest.ts"
import { requestDeadline } from "./requestDeadline.ts"
import { decide, evolve } from "./requestLife.ts"
import type { Command } from "./requestLife.ts"

const received = Date.parse("2026-11-30T10:00:00Z")

const fresh: KeptRequest = {
  id: "1",
  kind: "access",
  person: "ada",
  law: "gdpr",
  reference: null,
  status: "unverified",
  received_at: received,
  due_at: requestDeadline("gdpr", received, false),
  extended: false,
  verification: null,
  trait_names: [],
  steps: [
    { name: "locate", status: "waiting", attempts: 0, at: null, error: null },
    { name: "inventory", status: "waiting", attempts: 0, at: null, error: null }
  ],
  inventory: null,
  receipt: null,
  completed_at: null,
  available_until: null,
  history: [{ at: received, by: "operator", event: "received", detail: null }]
}

const follow = (request: KeptRequest, command: Command, now = received + 1): KeptRequest | string => {
  const decided = decide(request, command, now)
  return "rejected" in decided
    ? decided.rejected
    : decided.events.reduce((state, event) => evolve(state, event, "operator", now), request)
}
const followed = (request: KeptRequest, command: Command, now?: number): KeptRequest => {
  const next = follow(request, command, now)
  if (typeof next === "string") throw new Error(next)
  return next
}

describe("a privacy request", () => {
  it("is under way once an operator vouches for the person, or the person's token comes back in its time", () => {
    const byOperator = followed(fresh, { kind: "verify_by_operator", evidence: "card" })
    assert.strictEqual(byOperator.status, "in_progress")
    assert.deepInclude(byOperator.verification, { method: "operator", by: "operator", evidence: "card" })
    assert.strictEqual(follow(fresh, { kind: "verify_by_token", hash: "a" }), "no_challenge")
    const challenged = followed(fresh, { kind: "challenge", hash: "a", expiresAt: received + 100 })
    assert.strictEqual(follow(challenged, { kind: "verify_by_token", hash: "b" }), "wrong_token")
    assert.strictEqual(follow(challenged, { kind: "verify_by_token", hash: "a" }, received + 100), "token_expired")
    const byToken = followed(challenged, { kind: "verify_by_token", hash: "a" }, received + 99)
    assert.strictEqual(byToken.status, "in_progress")
    assert.isUndefined(byToken.challenge)
    assert.strictEqual(follow(byToken, { kind: "verify_by_token", hash: "a" }), "verified_before")
    assert.strictEqual(follow(byToken, { kind: "challenge", hash: "a", expiresAt: 0 }), "verified_before")
  })

  it("is extended once, before its deadline", () => {
    const extended = followed(fresh, { kind: "extend", reason: "complex" }, fresh.due_at)
    assert.strictEqual(extended.due_at, Date.parse("2027-02-28T10:00:00Z"))
    assert.strictEqual(follow(extended, { kind: "extend", reason: "more" }), "extended_before")
    assert.strictEqual(follow(fresh, { kind: "extend", reason: "late" }, fresh.due_at + 1), "too_late")
  })

  it("is refused or withdrawn as long as nothing was done, and then takes no command any more", () => {
    const commands: ReadonlyArray<Command> = [
      { kind: "challenge", hash: "a", expiresAt: 1 },
      { kind: "verify_by_operator", evidence: "card" },
      { kind: "verify_by_token", hash: "a" },
      { kind: "extend", reason: "x" },
      { kind: "refuse", reason: "x" },
      { kind: "withdraw" }
    ]
    const begun = evolve(
      followed(fresh, { kind: "verify_by_operator", evidence: "card" }),
      { event: "step_done", step: "locate" },
      "operator",
      received + 2
    )
    assert.strictEqual(follow(begun, { kind: "refuse", reason: "x" }), "under_way")
    assert.strictEqual(follow(begun, { kind: "withdraw" }), "under_way")
    for (const ended of [
      followed(fresh, { kind: "refuse", reason: "nobody we know" }),
      followed(fresh, { kind: "withdraw" }),
      evolve(begun, { event: "completed" }, "operator", received + 3)
    ]) {
      for (const command of commands) assert.strictEqual(follow(ended, command), "closed", command.kind)
    }
  })

  it("counts the attempts of each step alone, and keeps why the last one failed", () => {
    const failed = evolve(fresh, { event: "step_failed", step: "inventory", error: "disk" }, "job", received + 5)
    assert.deepStrictEqual(failed.steps[1], {
      name: "inventory",
      status: "failed",
      attempts: 1,
      at: received + 5,
      error: "disk"
    })
    const done = evolve(failed, { event: "step_done", step: "inventory" }, "job", received + 6)
    assert.deepInclude(done.steps[1], { status: "done", attempts: 2, error: null })
    assert.deepStrictEqual(done.steps[0], fresh.steps[0])
  })
})
