import { assert, describe, it } from "vitest"
import { authorKeysMax } from "../../../ports/experiments/ChangeRequest.ts"
import type { ChangeRequest } from "../../../ports/experiments/ChangeRequest.ts"
import { approve, beginRequest, redraft, schedule, standingApprovals, unscheduledBy } from "./requestLife.ts"
import type { RequestChange } from "./requestLife.ts"

const act = (by: string, at: number) => ({ by, key: `key-of-${by}`, at })
const taken = (change: RequestChange): ChangeRequest =>
  change.kind === "changed" ? change.request : assert.fail(change.detail)

describe("another draft of a change request", () => {
  it("has neither the approvals nor the time of the one before", () => {
    const begun = beginRequest("r", { title: "A change" }, [], act("ada", 1), "in_review")
    const approved = taken(approve(begun, { version: 1 }, act("grace", 2)))
    const scheduled = taken(schedule(approved, 1000, act("ada", 3)))
    assert.deepInclude(scheduled, { apply_at: 1000, scheduled_by: act("ada", 3) })
    const redrafted = taken(redraft(scheduled, { title: "Another" }, [], act("joan", 4)))
    assert.deepInclude(redrafted, {
      version: 2,
      status: "in_review",
      authors: ["ada", "joan"],
      approvals: [],
      apply_at: null,
      scheduled_by: null
    })
  })
})

describe("keys that were revoked", () => {
  const begun = taken(
    redraft(
      beginRequest("r", { title: "A change" }, [], act("ada", 1), "in_review"),
      { title: "A" },
      [],
      act("joan", 2)
    )
  )
  const once = taken(approve(begun, { version: 2 }, act("grace", 5)))
  const approved = taken(approve(once, { version: 2 }, act("linus", 9)))
  const by = (...of: ReadonlyArray<readonly [string, number]>) =>
    standingApprovals(approved, new Map(of)).map(({ by: who }) => who)

  it("take approvals with them: their own, and those from before an author's was", () => {
    assert.deepStrictEqual(by(), ["grace", "linus"])
    assert.deepStrictEqual(by(["key-of-grace", 20]), ["linus"])
    assert.deepStrictEqual(by(["key-of-ada", 7]), ["linus"])
    assert.deepStrictEqual(by(["key-of-joan", 20]), [])
    assert.deepStrictEqual(by(["key-of-somebody", 20]), ["grace", "linus"])
    const { author_keys: _, ...older } = approved
    assert.deepStrictEqual(standingApprovals(older, new Map([["key-of-ada", 20]])), [])
  })

  it("keep a request from being applied at its time, unless whoever set it had seen that", () => {
    const scheduled = taken(schedule(approved, 1000, act("grace", 10)))
    const why = (...of: ReadonlyArray<readonly [string, number]>) => unscheduledBy(scheduled, new Map(of))?.detail
    assert.isUndefined(why())
    assert.isUndefined(why(["key-of-ada", 7]))
    assert.include(why(["key-of-ada", 11]), "key-of-ada")
    assert.include(why(["key-of-grace", 11]), "key-of-grace")
    assert.isUndefined(unscheduledBy(approved, new Map([["key-of-ada", 11]])))
  })

  it("are no more than can be looked at", () => {
    let request = begun
    for (let each = 2; each < authorKeysMax; each += 1) {
      request = taken(redraft(request, { title: "A" }, [], act(`author-${each}`, 3)))
    }
    const refused = redraft(request, { title: "A" }, [], act("another", 4))
    assert.deepInclude(refused, { kind: "refused", because: "conflict" })
  })
})
