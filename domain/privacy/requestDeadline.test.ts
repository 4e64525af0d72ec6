import { assert, describe, it } from "@effect/vitest"
import { requestDeadline } from "./requestDeadline.ts"

const at = (text: string) => Date.parse(text)

describe("the deadline of a privacy request", () => {
  it("is one month by GDPR, the last day of a shorter one, three once extended", () => {
    for (const [received, due, extended] of [
      ["2026-11-30T10:15:00Z", "2026-12-30T10:15:00Z", "2027-02-28T10:15:00Z"],
      ["2027-01-31T00:00:00Z", "2027-02-28T00:00:00Z", "2027-04-30T00:00:00Z"],
      ["2028-01-31T23:59:59.999Z", "2028-02-29T23:59:59.999Z", "2028-04-30T23:59:59.999Z"],
      ["2026-12-05T00:00:00Z", "2027-01-05T00:00:00Z", "2027-03-05T00:00:00Z"]
    ] as const) {
      assert.strictEqual(requestDeadline("gdpr", at(received), false), at(due), received)
      assert.strictEqual(requestDeadline("gdpr", at(received), true), at(extended), received)
    }
  })

  it("is 45 days by CCPA, 90 once extended", () => {
    const received = at("2026-11-30T10:15:00Z")
    assert.strictEqual(requestDeadline("ccpa", received, false), at("2027-01-14T10:15:00Z"))
    assert.strictEqual(requestDeadline("ccpa", received, true), at("2027-02-28T10:15:00Z"))
  })
})
