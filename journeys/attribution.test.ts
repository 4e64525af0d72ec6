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

describe("attribution", () => {
  it("is answered by query string and as JSON alike, sees touches before the range, and refuses what it cannot read", async () => {
    const at = (day: string, session_id: string, more: object) =>
      eventOf({ anonymous_id: "buyer", session_id, timestamp: `${day}T12:00:00Z`, ...more })
    const page = (url: string, referrer?: string) => ({
      context: { page: { url: `https://shop.example${url}`, ...(referrer === undefined ? {} : { referrer }) } }
    })
    const order = (order_id: string, total: string) => ({
      event_type: "order_completed",
      properties: { order_id, total, currency: "USD" }
    })
    const events = [
      at("2026-02-20", "1", page("/?utm_source=news&utm_medium=email")),
      at("2026-03-01", "2", page("/shoes", "https://www.google.com/")),
      at("2026-03-05", "3", page("/cart")),
      at("2026-03-05", "3", order("o1", "100.01")),
      at("2026-03-09", "4", {
        event_type: "order_refunded",
        properties: { order_id: "o1", refund_id: "r1", amount: "50", currency: "USD" }
      })
    ]
    await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
    await countEvents(server, token, events.length)
    const flat = "from=2026-03-01&to=2026-03-07&models=linear,last_touch&look_back_days=30"
    const answer = await ask(server, "GET", `/analytics/attribution?${flat}`, { token })
    assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
    assert.deepInclude(answer.body, { conversions: 1, credit: "100.01", currency: "USD" })
    const creditsOf = (body: Fields) =>
      (body["models"] as ReadonlyArray<{ model: string; rows: ReadonlyArray<Fields> }>).map(({ model, rows }) => [
        model,
        ...rows.map(({ credit, unattributed, value }) => `${unattributed === true ? "-" : String(value)} ${credit}`)
      ])
    assert.deepStrictEqual(creditsOf(answer.body), [
      ["linear", "email 50.01", "organic_search 50.00", "- 0.00"],
      ["last_touch", "email 0.00", "organic_search 100.01", "- 0.00"]
    ])
    const body = {
      date_range: { from: "2026-03-01", to: "2026-03-07" },
      models: ["linear", "last_touch"],
      look_back_days: 30
    }
    const asked = await ask(server, "POST", "/analytics/attribution/query", { token, body })
    assert.deepStrictEqual(asked.body, answer.body)
    const later = await ask(server, "POST", "/analytics/attribution/query", {
      token,
      body: { ...body, date_range: { from: "2026-03-08", to: "2026-03-31" }, models: ["linear"] }
    })
    assert.deepStrictEqual(creditsOf(later.body), [["linear", "email -25.00", "organic_search -25.00", "- 0.00"]])
    const codesOf = async (query: string) => {
      const wrong = await ask(server, "GET", `/analytics/attribution?from=2026-03-01&to=2026-03-07&${query}`, { token })
      assert.strictEqual(wrong.status, 400, query)
      return (wrong.body["errors"] as ReadonlyArray<Fields>).map(({ pointer }) => pointer)
    }
    assert.deepStrictEqual(await codesOf("models=lineer&filters=x"), ["/models/0", "/filters"])
    for (const days of ["0", "366", "1.5"]) assert.isNotEmpty(await codesOf(`look_back_days=${days}`))
    assert.deepStrictEqual(await codesOf("conversion_event_types=lead&currency=USD"), ["/currency"])
    for (const look_back_days of [0, 366]) {
      const wrong = await ask(server, "POST", "/analytics/attribution/query", {
        token,
        body: { ...body, look_back_days }
      })
      assert.deepInclude((wrong.body["errors"] as ReadonlyArray<Fields>)[0], {
        pointer: "/look_back_days",
        code: "out_of_range"
      })
    }
  })
})
