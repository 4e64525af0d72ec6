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

type Fields = Readonly<Record<string, unknown>>

describe("paths", () => {
  it("are answered by query string and as JSON alike, forward and backward, and refuse what they cannot read", async () => {
    const page = (path: string) => ({ event_type: "page_view", page: { url: `https://shop.example${path}` } })
    const events = [
      ["a", "12:00:00", page("/pricing")],
      ["a", "12:01:00", page("/blog/one")],
      ["a", "12:05:00", { event_type: "order_completed" }],
      ["b", "12:00:00", page("/pricing")],
      ["b", "12:03:00", page("/blog/two")],
      ["b", "13:00:00", { event_type: "order_completed" }]
    ] as const
    await ask(server, "POST", "/analytics/events/batch", {
      token,
      body: {
        events: events.map(([anonymous_id, time, { event_type, ...rest }]) => {
          const context = "page" in rest ? { context: { page: rest.page } } : {}
          return eventOf({ anonymous_id, event_type, ...context, timestamp: `2026-03-02T${time}Z` })
        })
      }
    })
    await countEvents(server, token, events.length)
    const range = "from=2026-03-02&to=2026-03-02"
    const pricing = { dimension: "path", operator: "is", value: "/pricing" }
    const flat = new URLSearchParams({ start_filters: JSON.stringify(pricing), groups: "/blog/*" })
    const ways = await ask(server, "GET", `/analytics/paths?${range}&${flat}`, { token })
    assert.strictEqual(ways.status, 200, JSON.stringify(ways.body))
    const edges = (body: Fields) =>
      (body["edges"] as ReadonlyArray<Readonly<Record<"from" | "to", Fields>> & Fields>).map(
        ({ from, people, step, to, ...rest }) => [step, from["name"], to["name"], people, rest["median_ms"]]
      )
    assert.deepStrictEqual(edges(ways.body), [
      [1, "/pricing", "/blog/*", 2, 120_000],
      [2, "/blog/*", "order_completed", 1, 240_000]
    ])
    assert.deepInclude(ways.body["nodes"], {
      step: 1,
      node: { kind: "page", name: "/blog/*" },
      people: 2,
      dropped: 1
    })
    const asked = await ask(server, "POST", "/analytics/paths/query", {
      token,
      body: {
        date_range: { from: "2026-03-02", to: "2026-03-02" },
        start: { filters: pricing },
        groups: ["/blog/*"]
      }
    })
    assert.deepStrictEqual(asked.body, ways.body)
    const back = await ask(
      server,
      "GET",
      `/analytics/paths?${range}&end_event_types=order_completed&gap_minutes=120&nodes=events&collapse_loops=true`,
      { token }
    )
    assert.deepStrictEqual(edges(back.body), [[1, "page_view", "order_completed", 2, 1_830_000]])
    const wrong = await ask(server, "GET", `/analytics/paths?${range}&start_event_types=x&end_filters=x`, { token })
    assert.strictEqual(wrong.status, 400)
    assert.deepInclude((wrong.body["errors"] as ReadonlyArray<object>)[0], {
      pointer: "/end_filters",
      code: "not_json"
    })
  })
})
