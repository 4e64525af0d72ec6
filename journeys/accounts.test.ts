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
const at = (minute: number) => `2026-03-01T12:${String(minute).padStart(2, "0")}:00Z`
const range = { date_range: { from: "2026-03-01", to: "2026-03-01" } }

const company = (user: string, minute: number, event_type: string, id: string, traits?: Body) =>
  eventOf({
    anonymous_id: user,
    user_id: user,
    event_type,
    timestamp: at(minute),
    properties: { account_id: id, account_type: "company", ...(traits === undefined ? {} : { traits }) }
  })
const did = (user: string, minute: number, event_type: string, properties: Body = {}) =>
  eventOf({ anonymous_id: user, user_id: user, event_type, timestamp: at(minute), properties })

const events = [
  company("ada", 0, "account_joined", "acme", { name: "Acme Ltd", plan: "pro", email: "office@acme.example" }),
  company("ben", 1, "account_joined", "acme"),
  company("ben", 2, "account_joined", "bolt/eu", { plan: "free" }),
  company("cleo", 3, "account_joined", "bolt/eu"),
  did("ada", 10, "product_viewed"),
  did("ben", 20, "order_completed", { order_id: "1", total: 5, currency: "EUR", accounts: { company: "acme" } }),
  did("cleo", 30, "product_viewed"),
  company("cleo", 31, "account_left", "bolt/eu"),
  did("cleo", 32, "order_completed", { order_id: "2", total: 7, currency: "EUR" })
]

const itemsOf = ({ body }: { readonly body: Body }) => body["items"] as ReadonlyArray<Body>

describe("accounts", () => {
  it("are tied to people by events, counted in questions, listed with their members, and lose who is erased", async () => {
    const sent = await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
    assert.strictEqual(sent.body["stored"], events.length, JSON.stringify(sent.body))
    await countEvents(server, token, events.length)

    const funnel = {
      ...range,
      aggregate_by: "account:company",
      steps: [{ event_types: ["product_viewed"] }, { event_types: ["order_completed"] }]
    }
    const counted = await ask(server, "POST", "/analytics/funnels/query", { token, body: funnel })
    assert.strictEqual(counted.status, 200, JSON.stringify(counted.body))
    // Another member of Acme ordered; who had left Bolt did not order for it.
    assert.deepStrictEqual(
      (counted.body["steps"] as ReadonlyArray<Body>).map((step) => step["people"]),
      [2, 1]
    )
    const behind = await ask(server, "POST", "/analytics/accounts/query", { token, body: { of: { funnel, step: 2 } } })
    assert.deepStrictEqual(
      itemsOf(behind).map(({ account_id, members }) => [account_id, members]),
      [["acme", 2]]
    )

    const trend = await ask(
      server,
      "GET",
      "/analytics/trends?from=2026-03-01&to=2026-03-01&metrics=accounts:company,revenue&currency=EUR&dimensions=account_trait:company:plan",
      { token }
    )
    assert.strictEqual(trend.status, 200, JSON.stringify(trend.body))
    assert.deepStrictEqual(
      (trend.body["rows"] as ReadonlyArray<Body>).map(({ metrics, values }) => [values, metrics]),
      [
        [["free"], { "accounts:company": 1, revenue: "0.00" }],
        [["pro"], { "accounts:company": 1, revenue: "5.00" }],
        [[null], { "accounts:company": 0, revenue: "7.00" }]
      ]
    )

    const list = await ask(server, "GET", "/analytics/accounts?type=company", { token })
    assert.deepStrictEqual(
      itemsOf(list).map(({ account_id, members, traits }) => ({ account_id, members, traits })),
      [
        { account_id: "bolt/eu", members: 1, traits: { plan: "free" } },
        { account_id: "acme", members: 2, traits: { name: "Acme Ltd", plan: "pro", email: { encrypted: true } } }
      ].map(({ traits, ...each }) => ({ ...each, traits }))
    )
    const pro = encodeURIComponent('{"dimension":"account_trait:company:plan","operator":"is","value":"pro"}')
    for (const query of [`filters=${pro}`, "search=ac"]) {
      const found = await ask(server, "GET", `/analytics/accounts?type=company&${query}`, { token })
      assert.deepStrictEqual(
        itemsOf(found).map(({ account_id }) => account_id),
        ["acme"]
      )
    }
    const members = async (id: string) =>
      itemsOf(await ask(server, "GET", `/analytics/accounts/${encodeURIComponent(id)}/members?type=company`, { token }))
        .map(({ person_id }) => person_id)
        .toSorted()
    assert.deepStrictEqual([await members("acme"), await members("bolt/eu")], [["ada", "ben"], ["ben"]])
    const types = await ask(server, "GET", "/analytics/account-types", { token })
    assert.deepStrictEqual(types.body["items"], [{ type: "company" }])

    const other = tokenFor(server.folder, { workspace: "other" })
    const unknown = await ask(server, "GET", "/analytics/accounts/acme?type=company", { token: other })
    assert.include([403, 404], unknown.status)

    const erased = await ask(server, "POST", "/analytics/persons/ben/erase", { token })
    assert.isBelow(erased.status, 300, JSON.stringify(erased.body))
    assert.deepStrictEqual(await members("acme"), ["ada"])
    // Nothing is left that speaks of Bolt but what Cleo did there.
    const bolt = await ask(server, "GET", "/analytics/accounts/bolt%2Feu?type=company", { token })
    assert.deepStrictEqual([bolt.body["members"], bolt.body["traits"]], [0, {}])
  })

  it("are refused with a pointer where a question names what is none", async () => {
    const wrong = await ask(
      server,
      "GET",
      "/analytics/stickiness?from=2026-03-01&to=2026-03-01&aggregate_by=account:A!",
      {
        token
      }
    )
    assert.strictEqual(wrong.status, 400)
    assert.deepInclude((wrong.body["errors"] as ReadonlyArray<object>)[0], {
      pointer: "/aggregate_by",
      code: "unknown_unit"
    })
    const people = await ask(server, "POST", "/analytics/people/query", {
      token,
      body: { of: { stickiness: { ...range, aggregate_by: "account" } } }
    })
    assert.strictEqual(people.status, 400)
    assert.deepInclude((people.body["errors"] as ReadonlyArray<object>)[0], {
      pointer: "/of/stickiness/aggregate_by",
      code: "counts_accounts"
    })
    const type = await ask(server, "GET", "/analytics/accounts?type=Company", { token })
    assert.deepInclude((type.body["errors"] as ReadonlyArray<object>)[0], { pointer: "/type", code: "not_a_type" })
  })
})
