import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  const events = [
    ["a", "2026-03-02"],
    ["a", "2026-03-03"],
    ["b", "2026-03-03"],
    ["b", "2026-03-05"]
  ] as const
  await ask(server, "POST", "/analytics/events/batch", {
    token,
    body: { events: events.map(([anonymous_id, day]) => eventOf({ anonymous_id, timestamp: `${day}T12:00:00Z` })) }
  })
  await countEvents(server, token, events.length)
})
afterAll(() => server.kill("SIGTERM"))

type Fields = Readonly<Record<string, unknown>>
const flat = "from=2026-03-03&to=2026-03-05&event_types=page_view"
const question = { date_range: { from: "2026-03-03", to: "2026-03-05" }, event_types: ["page_view"] }
const reversed = "from=2026-03-05&to=2026-03-03&filters=x"

describe("stickiness", () => {
  it("is answered by query string and as JSON alike, and refuses what it cannot read", async () => {
    const answer = await ask(server, "GET", `/analytics/stickiness?${flat}`, { token })
    assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
    assert.deepStrictEqual(answer.body["histogram"], [
      { intervals: 1, people: 1, people_at_least: 2 },
      { intervals: 2, people: 1, people_at_least: 1 },
      { intervals: 3, people: 0, people_at_least: 0 }
    ])
    const asked = await ask(server, "POST", "/analytics/stickiness/query", { token, body: question })
    assert.deepStrictEqual(asked.body, answer.body)
    const wrong = await ask(server, "GET", `/analytics/stickiness?${reversed}`, { token })
    assert.strictEqual(wrong.status, 400)
    assert.deepInclude((wrong.body["errors"] as ReadonlyArray<object>)[0], { pointer: "/filters", code: "not_json" })
  })
})

describe("lifecycle", () => {
  it("is answered by query string and as JSON alike, and warns of a type that has not come", async () => {
    const answer = await ask(server, "GET", `/analytics/lifecycle?${flat}`, { token })
    assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
    assert.deepStrictEqual(
      (answer.body["periods"] as ReadonlyArray<Fields>).map((period) => [
        period["new"],
        period["returning"],
        period["resurrecting"],
        period["dormant"]
      ]),
      [
        [1, 1, 0, 0],
        [0, 0, 0, -2],
        [0, 0, 1, 0]
      ]
    )
    const asked = await ask(server, "POST", "/analytics/lifecycle/query", { token, body: question })
    assert.deepStrictEqual(asked.body, answer.body)
    const unseen = await ask(server, "POST", "/analytics/lifecycle/query", {
      token,
      body: { ...question, event_types: ["page_veiw"] }
    })
    assert.strictEqual(unseen.status, 200)
    assert.deepInclude((unseen.body["warnings"] as ReadonlyArray<object>)[0], { pointer: "/event_types/0" })
  })
})
