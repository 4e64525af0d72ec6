import { assert, describe, it } from "vitest"
import type { ChangeRequest } from "../../../ports/experiments/ChangeRequest.ts"
import { approve, beginRequest, redraft, schedule } from "./requestLife.ts"
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
