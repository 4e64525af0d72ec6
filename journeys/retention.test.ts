import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

describe("retention", () => {
  it("is answered by query string and as JSON alike, and refuses what it cannot read", async () => {
    const events = [
      ["a", "user_signed_up", "2026-03-02"],
      ["b", "user_signed_up", "2026-03-03"],
      ["a", "order_completed", "2026-03-10"],
      ["b", "page_view", "2026-03-10"]
    ] as const
    await ask(server, "POST", "/analytics/events/batch", {
      token,
      body: {
        events: events.map(([anonymous_id, event_type, day]) =>
          eventOf({ anonymous_id, event_type, timestamp: `${day}T12:00:00Z` })
        )
      }
    })
    await countEvents(server, token, events.length)
    const flat =
      "from=2026-03-02&to=2026-03-08&interval=week&periods=2&start_event_types=user_signed_up&return_event_types=order_completed"
    const curves = await ask(server, "GET", `/analytics/retention?${flat}`, { token })
    assert.strictEqual(curves.status, 200, JSON.stringify(curves.body))
    const [cohort] = curves.body["cohorts"] as ReadonlyArray<Record<string, unknown>>
    assert.strictEqual(cohort!["people"], 2)
    assert.deepStrictEqual(
      (cohort!["periods"] as ReadonlyArray<Record<string, unknown>>).map((period) => [
        period["people"],
        period["rate"]
      ]),
      [
        [0, 0],
        [1, 0.5],
        [0, 0]
      ]
    )
    const asked = await ask(server, "POST", "/analytics/retention/query", {
      token,
      body: {
        date_range: { from: "2026-03-02", to: "2026-03-08" },
        interval: "week",
        periods: 2,
        start: { event_types: ["user_signed_up"] },
        return: { event_types: ["order_completed"] }
      }
    })
    assert.deepStrictEqual(asked.body, curves.body)
    const wrong = await ask(server, "GET", "/analytics/retention?from=2026-03-08&to=2026-03-02&start_filters=x", {
      token
    })
    assert.strictEqual(wrong.status, 400)
    assert.deepInclude((wrong.body["errors"] as ReadonlyArray<object>)[0], {
      pointer: "/start_filters",
      code: "not_json"
    })
  })
})
