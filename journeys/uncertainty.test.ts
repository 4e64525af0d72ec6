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

type Body = Readonly<Record<string, unknown>>
type Interval = readonly [string | number, string | number]
const range = "from=2026-03-01&to=2026-03-31&currency=EUR"
const date_range = { from: "2026-03-01", to: "2026-03-31" }

describe("uncertainty", () => {
  it("is answered of revenue, lifetime value and credits, by query string and as JSON alike, and only where it is asked for", async () => {
    const orders = Array.from({ length: 40 }, (_, at) =>
      eventOf({
        anonymous_id: `device-${at}`,
        event_type: "order_completed",
        timestamp: `2026-03-${String(1 + (at % 20)).padStart(2, "0")}T12:00:00Z`,
        properties: { order_id: String(at), total: 10 + at, currency: "EUR" }
      })
    )
    await ask(server, "POST", "/analytics/events/batch", { token, body: { events: orders } })
    await countEvents(server, token, orders.length)
    const read = async (path: string) => {
      const plain = await ask(server, "GET", path, { token })
      assert.strictEqual(plain.status, 200, JSON.stringify(plain.body))
      assert.notInclude(JSON.stringify(plain.body), "intervals")
      const { body, status } = await ask(server, "GET", `${path}&uncertainty=true`, { token })
      assert.strictEqual(status, 200, JSON.stringify(body))
      return body
    }
    /** The amount lies in its interval, which is no point. */
    const assertAround = (amount: unknown, interval: Interval) => {
      const [low, high] = interval.map(Number) as [number, number]
      assert.isTrue(low < Number(amount) && Number(amount) < high, JSON.stringify([amount, interval]))
    }

    const trend = await read(`/analytics/trends?${range}&metrics=revenue,average_order_value`)
    const totals = trend["totals"] as Body
    assert.deepStrictEqual(totals, { revenue: "1180.00", average_order_value: "29.50" })
    const intervals = trend["intervals"] as Readonly<Record<string, Interval>>
    for (const name of ["revenue", "average_order_value"]) assertAround(totals[name], intervals[name]!)
    assert.strictEqual(trend["small"], false)
    const again = await ask(server, "POST", "/analytics/query", {
      token,
      body: { date_range, currency: "EUR", metrics: ["revenue", "average_order_value"], uncertainty: true }
    })
    assert.deepStrictEqual(again.body, trend)

    const lifetime = await read(`/analytics/ltv?${range}&periods=0&predict=false`)
    const [cohort] = lifetime["cohorts"] as ReadonlyArray<Body>
    const [period] = cohort!["periods"] as ReadonlyArray<Body>
    const values = period!["intervals"] as Readonly<Record<string, Interval>>
    for (const name of ["value", "value_per_customer"]) assertAround(period![name], values[name]!)

    const credits = await read(`/analytics/attribution?${range}&models=linear`)
    const [model] = credits["models"] as ReadonlyArray<Body>
    const nobody = (model!["rows"] as ReadonlyArray<Body>).find((row) => row["unattributed"] === true)!
    assertAround(nobody["credit"], (nobody["intervals"] as Readonly<Record<string, Interval>>)["credit"]!)

    const wrong = await ask(server, "GET", `/analytics/trends?${range}&metrics=events&uncertainty=true`, { token })
    assert.strictEqual(wrong.status, 400)
    assert.deepInclude((wrong.body["errors"] as ReadonlyArray<object>)[0], {
      pointer: "/uncertainty",
      code: "nothing_uncertain"
    })
  })
})
