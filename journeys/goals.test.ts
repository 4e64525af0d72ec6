import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

type Fields = Readonly<Record<string, unknown>>

let server: ServerProcess
let token: string
const range = "from=2026-03-01&to=2026-03-02"
const view = (anonymous_id: string, day: number, path: string) =>
  eventOf({
    anonymous_id,
    timestamp: `2026-03-0${day}T12:00:00Z`,
    context: { page: { url: `https://shop.example${path}` } }
  })
const order = (anonymous_id: string, order_id: string, total: string, currency: string) =>
  eventOf({
    anonymous_id,
    event_type: "order_completed",
    timestamp: "2026-03-02T13:00:00Z",
    properties: { order_id, total, currency, points: 3 }
  })

beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  const events = [
    view("a", 1, "/offers/shoes/thanks"),
    view("a", 2, "/offers/shoes/red/thanks"),
    view("b", 1, "/offers/thanks"),
    view("c", 2, "/Offers/shoes/thanks"),
    order("b", "1", "10.00", "EUR"),
    order("b", "1", "10.00", "EUR"),
    order("d", "2", "5.50", "EUR")
  ]
  const sent = await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
  assert.strictEqual(sent.body["stored"], events.length)
  await countEvents(server, token, events.length)
})
afterAll(() => server.kill("SIGTERM"))

const make = async (body: Fields) => {
  const made = await ask(server, "POST", "/analytics/goals", { token, body })
  assert.strictEqual(made.status, 201, JSON.stringify(made.body))
  return String(made.body["id"])
}
const read = (path: string) => ask(server, "GET", path, { token })
const errorsOf = (body: Fields) =>
  (body["errors"] as ReadonlyArray<Fields>).map(({ code, pointer }) => [pointer, code] as const)

describe("goals", () => {
  it("are kept, asked for the past, all at once or alone, and changed by revision", async () => {
    const thanks = await make({
      name: "Asked for an offer",
      on: { page: "/offers/**/thanks" },
      value: { kind: "fixed", amount: "2.50", currency: "USD" }
    })
    const bought = await make({ name: "Bought", on: { event_type: "order_completed" }, value: { kind: "revenue" } })
    const points = await make({
      name: "Points",
      on: { event_type: "order_completed" },
      value: { kind: "property", property: "points", currency: "JPY" }
    })
    const all = await read(`/analytics/goals/conversions?${range}&currency=EUR&interval=day`)
    assert.strictEqual(all.status, 200, JSON.stringify(all.body))
    const items = all.body["items"] as ReadonlyArray<Fields>
    assert.deepStrictEqual(
      items.map(({ conversions, converters, goal, rate, value, visitors }) => [
        goal,
        visitors,
        converters,
        conversions,
        rate,
        value
      ]),
      [
        [points, 4, 2, 3, 0.5, { amount: "9", currency: "JPY" }],
        [bought, 4, 2, 3, 0.5, { amount: "15.50", currency: "EUR" }],
        [thanks, 4, 1, 2, 0.25, { amount: "5.00", currency: "USD" }]
      ]
    )
    assert.deepStrictEqual(
      (items[2]!["series"] as ReadonlyArray<Fields>).map(({ conversions, visitors }) => [visitors, conversions]),
      [
        [2, 1],
        [4, 1]
      ]
    )
    const asked = await ask(server, "POST", "/analytics/goals/query", {
      token,
      body: { date_range: { from: "2026-03-01", to: "2026-03-02" }, goals: [thanks], dimension: "path" }
    })
    const [alone] = asked.body["items"] as ReadonlyArray<Fields>
    const rows = alone!["rows"] as ReadonlyArray<Fields>
    assert.deepInclude(
      rows.find((row) => row["dimension_value"] === "/offers/shoes/thanks")!,
      { converters: 1, rate: 1 }
    )
    const path = `/analytics/goals/${thanks}`
    const changed = await ask(server, "PUT", path, {
      token,
      headers: { "if-match": '"1"' },
      body: { name: "Asked for an offer", on: { page: "/offers/*" } }
    })
    assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
    const one = await read(`${path}/conversion?${range}`)
    assert.deepInclude(one.body, { goal: thanks, converters: 1, conversions: 1, value: null })
    assert.notStrictEqual(one.body["watermark"], asked.body["watermark"])
    const stale = await ask(server, "PUT", path, {
      token,
      headers: { "if-match": '"1"' },
      body: { name: "Asked for an offer", on: { page: "/" } }
    })
    assert.strictEqual(stale.status, 412)
    const revisions = await read(`${path}/revisions`)
    assert.deepStrictEqual(
      (revisions.body["items"] as ReadonlyArray<Fields>).map(({ definition, revision }) => [
        revision,
        (definition as Fields)["on"]
      ]),
      [
        [2, { page: "/offers/*" }],
        [1, { page: "/offers/**/thanks" }]
      ]
    )
    const restored = await ask(server, "POST", `${path}/revisions/1/restore`, { token })
    assert.strictEqual(restored.headers.get("etag"), '"3"', JSON.stringify(restored.body))
    assert.deepInclude((await read(`${path}/conversion?${range}`)).body, { conversions: 2 })
    assert.strictEqual((await read(`/analytics/goals/gone/conversion?${range}`)).status, 404)
  })

  it("are steps, conversions and metrics elsewhere, and stay while something names them", async () => {
    const goal = await make({ name: "Paid", on: { event_type: "order_completed" } })
    const trend = await read(`/analytics/trends?${range}&metrics=conversions:${goal},converters:${goal},events`)
    assert.deepStrictEqual(trend.body["totals"], { [`conversions:${goal}`]: 3, [`converters:${goal}`]: 2, events: 7 })
    const credits = await read(`/analytics/attribution?${range}&conversion_goal=${goal}&models=last_touch`)
    assert.strictEqual(credits.body["conversions"], 3, JSON.stringify(credits.body))
    const funnel = await ask(server, "POST", "/analytics/funnels", {
      token,
      body: { name: "Came and paid", steps: [{ event_types: ["page_view"] }, { goal }] }
    })
    assert.strictEqual(funnel.status, 201, JSON.stringify(funnel.body))
    const conversion = await read(`/analytics/funnels/${String(funnel.body["id"])}/conversion?${range}`)
    assert.deepStrictEqual(
      (conversion.body["steps"] as ReadonlyArray<Fields>).map(({ name, people }) => [name, people]),
      [
        ["page_view", 3],
        ["Paid", 1]
      ]
    )
    const cohort = await ask(server, "POST", "/analytics/cohorts", {
      token,
      body: { name: "Payers", membership: { kind: "live", rule: { did: { goal }, at_least: 2 } } }
    })
    assert.strictEqual(cohort.status, 201, JSON.stringify(cohort.body))
    const size = await read(`/analytics/cohorts/${String(cohort.body["id"])}/size`)
    assert.strictEqual(size.body["people"], 1)
    const refused = await ask(server, "DELETE", `/analytics/goals/${goal}`, { token })
    assert.strictEqual(refused.status, 409)
    assert.deepStrictEqual(
      (refused.body["errors"] as ReadonlyArray<Fields>).map(({ detail }) => detail),
      [`cohorts/${String(cohort.body["id"])} (Payers)`, `funnels/${String(funnel.body["id"])} (Came and paid)`]
    )
    for (const kind of ["cohorts", "funnels"] as const) {
      const id = String((kind === "cohorts" ? cohort : funnel).body["id"])
      assert.strictEqual((await ask(server, "DELETE", `/analytics/${kind}/${id}`, { token })).status, 204)
    }
    assert.strictEqual((await ask(server, "DELETE", `/analytics/goals/${goal}`, { token })).status, 204)
  })

  it("refuse what they cannot mean", async () => {
    const wrong = await ask(server, "POST", "/analytics/goals", {
      token,
      body: {
        name: "Wrong",
        on: { page: "thanks" },
        filters: {
          and: [
            { dimension: "trait:plan", operator: "is", value: "pro" },
            { cohort: "x", operator: "is_member" },
            { goal: "y", operator: "is" }
          ]
        },
        value: { kind: "fixed", amount: "1.234", currency: "EUR" }
      }
    })
    assert.strictEqual(wrong.status, 400)
    assert.deepStrictEqual(errorsOf(wrong.body), [
      ["/on/page", "not_a_path"],
      ["/filters/and/0/dimension", "unknown_dimension"],
      ["/filters/and/1/cohort", "unknown_cohort"],
      ["/filters/and/2/goal", "not_of_events"],
      ["/value/amount", "not_an_amount"]
    ])
    const unknown = await ask(server, "POST", "/analytics/funnels/query", {
      token,
      body: { date_range: { from: "2026-03-01", to: "2026-03-02" }, steps: [{ goal: "gone" }, { goal: "gone" }] }
    })
    assert.deepStrictEqual(errorsOf(unknown.body), [
      ["/steps/0/goal", "unknown_goal"],
      ["/steps/1/goal", "unknown_goal"]
    ])
  })
})
