import { assert, describe, it } from "vitest"
import { resolveRange } from "./relativeRange.ts"

// Wednesday in New York, Thursday in Berlin.
const nowMillis = Date.parse("2026-03-05T02:00:00Z")
const at = { zone: "America/New_York", weekStart: 1, nowMillis }

describe("resolveRange", () => {
  it("leaves days and instants as they are", () => {
    const range = { from: "2026-01-01", to: "2026-01-02" }
    assert.deepStrictEqual(resolveRange(range, at), range)
  })

  it("ends today, as the zone's calendars show it", () => {
    assert.deepStrictEqual(resolveRange({ last: 1, unit: "day" }, at), { from: "2026-03-04", to: "2026-03-04" })
    assert.deepStrictEqual(resolveRange({ last: 1, unit: "day" }, { ...at, zone: "Europe/Berlin" }), {
      from: "2026-03-05",
      to: "2026-03-05"
    })
    assert.deepStrictEqual(resolveRange({ last: 30, unit: "day" }, at), { from: "2026-02-03", to: "2026-03-04" })
  })

  it("counts weeks by their first day and months by the calendar", () => {
    assert.deepStrictEqual(resolveRange({ last: 2, unit: "week" }, at), { from: "2026-02-23", to: "2026-03-04" })
    assert.deepStrictEqual(resolveRange({ last: 1, unit: "week" }, { ...at, weekStart: 7 }), {
      from: "2026-03-01",
      to: "2026-03-04"
    })
    assert.deepStrictEqual(resolveRange({ last: 3, unit: "month" }, at), { from: "2026-01-01", to: "2026-03-04" })
  })

  it("leaves out what is not over, where it must be complete", () => {
    assert.deepStrictEqual(resolveRange({ last: 7, unit: "day", complete: true }, at), {
      from: "2026-02-25",
      to: "2026-03-03"
    })
    assert.deepStrictEqual(resolveRange({ last: 1, unit: "month", complete: true }, at), {
      from: "2026-02-01",
      to: "2026-02-28"
    })
  })
})
