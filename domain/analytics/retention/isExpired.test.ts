import { assert, describe, it } from "@effect/vitest"
import type { StoredEvent } from "../../../ports/analytics/StoredEvent.ts"
import { expiriesBy } from "./expiries.ts"
import { isExpired } from "./isExpired.ts"

const event = (more: Partial<StoredEvent>): StoredEvent => ({
  v: 1,
  event_id: "1",
  workspace: "default",
  event_type: "page_view",
  anonymous_id: "phone",
  time: 10,
  received_at: 10,
  index: 0,
  timestamp: 10,
  properties: {},
  ...more
})

describe("an event's time", () => {
  it("is over before the instant, for the types that a policy names, or all but those", () => {
    assert.isTrue(isExpired(event({}), { kind: "older", beforeMillis: 11 }))
    assert.isFalse(isExpired(event({}), { kind: "older", beforeMillis: 10 }))
    assert.isFalse(isExpired(event({}), { kind: "older", beforeMillis: 11, eventTypes: ["order"] }))
    assert.isFalse(isExpired(event({}), { kind: "older", beforeMillis: 11, exceptEventTypes: ["page_view"] }))
    assert.isFalse(isExpired(event({ expired: true }), { kind: "older", beforeMillis: 11 }))
  })

  it("is never over where a hold holds: by all that it says, for whom the event counts", () => {
    const older = { kind: "older", beforeMillis: 11 } as const
    assert.isFalse(isExpired(event({}), { ...older, holds: [{ ids: ["phone"] }] }))
    assert.isFalse(isExpired(event({ user_id: "null" }), { ...older, holds: [{ ids: ["phone"] }] }))
    assert.isTrue(isExpired(event({ user_id: "ada" }), { ...older, holds: [{ ids: ["phone"] }] }))
    assert.isFalse(
      isExpired(event({}), { ...older, holds: [{ eventTypes: ["page_view"], fromMillis: 10, toMillis: 11 }] })
    )
    assert.isTrue(isExpired(event({}), { ...older, holds: [{ eventTypes: ["page_view"], toMillis: 10 }] }))
    assert.isTrue(isExpired(event({}), { ...older, holds: [{ ids: ["phone"], fromMillis: 11 }] }))
  })

  it("ends within half a day after the policy's days; what another policy names is not the default's", () => {
    const now = Date.parse("2026-11-30T19:00:00Z")
    const [named, rest] = expiriesBy(
      [
        { name: "orders", days: 10, event_types: ["order"] },
        { name: "rest", days: 1 }
      ],
      [],
      now
    )
    assert.deepInclude(named!.expiry, {
      beforeMillis: Date.parse("2026-11-20T12:00:00Z"),
      eventTypes: ["order"]
    })
    assert.deepInclude(rest!.expiry, {
      beforeMillis: Date.parse("2026-11-29T12:00:00Z"),
      exceptEventTypes: ["order"]
    })
  })
})
