import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

const folder = freshFolder()
const often = { LAKE_SECONDS: "1", SQL_SECONDS: "4" }
let server: ServerProcess
let token: string

const sql = (query: string, more: object = {}, as = token): Promise<Answer> =>
  ask(server, "POST", "/analytics/sql", { token: as, body: { query, ...more } })

const rowsOf = async (query: string, more: object = {}): Promise<ReadonlyArray<ReadonlyArray<unknown>>> => {
  const answer = await sql(query, more)
  assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
  return answer.body["rows"] as ReadonlyArray<ReadonlyArray<unknown>>
}

/** The lake is written behind everything else: asked until it holds so many events. */
const awaitEvents = async (expected: number): Promise<void> => {
  const deadline = Date.now() + 40_000
  let held = -1
  while (held < expected && Date.now() < deadline) {
    await new Promise((done) => setTimeout(done, 250))
    held = Number((await rowsOf("select count(*) from events"))[0]?.[0])
  }
  assert.strictEqual(held, expected)
}

const send = async (events: ReadonlyArray<unknown>, as = token) => {
  const answer = await ask(server, "POST", "/analytics/events/batch", { token: as, body: { events } })
  assert.strictEqual(answer.body["stored"], events.length, JSON.stringify(answer.body))
}

const viewOf = (device: string, more: object = {}) => ({ ...eventOf(), anonymous_id: device, ...more })

beforeAll(async () => {
  server = await startServer(folder, often)
  token = tokenFor(folder)
  const email = "ada@example.com"
  await send([
    viewOf("phone"),
    viewOf("phone", { event_type: "user_identified", user_id: "ada", properties: { traits: { email, plan: "gold" } } }),
    viewOf("laptop", {
      event_type: "order_completed",
      user_id: "ada",
      properties: { order_id: "1", total: "49.90", currency: "EUR", note: '=1+1,"x"' }
    }),
    viewOf("tablet", { user_id: "ben" }),
    viewOf("tv")
  ])
  await send([viewOf("elsewhere")], tokenFor(folder, { workspace: "other" }))
  await awaitEvents(5)
})
afterAll(() => server.kill("SIGKILL"))

describe("SQL over events", () => {
  it("counts the people that a question counts", async () => {
    const question = { date_range: { from: "2020-01-01", to: "2029-12-31" }, metrics: ["events", "people"] }
    const asked = await ask(server, "POST", "/analytics/query", { token, body: question })
    const { events, people } = asked.body["totals"] as { readonly events: number; readonly people: number }
    const counted = await rowsOf("select count(*), count(distinct person) from person_events")
    assert.deepStrictEqual(counted, [[String(events), String(people)]])
    const named = await rowsOf("select person_id, count(*)::integer from person_events group by 1 order by 1")
    assert.deepStrictEqual(named, [
      ["ada", 3],
      ["ben", 1],
      ["tv", 1]
    ])
  })

  it("counts a merged user as the other one", async () => {
    const body = { from: "ben", into: "ada", force: true }
    const merged = await ask(server, "POST", "/analytics/persons/merge", { token, body })
    assert.strictEqual(merged.status, 201, JSON.stringify(merged.body))
    assert.deepStrictEqual(await rowsOf("select count(distinct person) from person_events"), [["2"]])
    await ask(server, "DELETE", merged.headers.get("location")!, { token, headers: { "if-match": "*" } })
    assert.deepStrictEqual(await rowsOf("select count(distinct person) from person_events"), [["3"]])
  })

  it("tells types, limits and how far it is, and answers the same bytes again", async () => {
    const query = "select event_type, count(*) as events from events group by 1 order by 1"
    const answer = await sql(query, { limit: 2 })
    assert.deepInclude(answer.body, {
      columns: [
        { name: "event_type", type: "VARCHAR" },
        { name: "events", type: "BIGINT" }
      ],
      rows: [
        ["order_completed", "1"],
        ["page_view", "3"]
      ],
      row_count: 2,
      truncated: "rows"
    })
    assert.isAbove(Date.parse(String(answer.body["complete_to"])), Date.now() - 60_000)
    assert.deepStrictEqual((await sql(query, { limit: 2 })).body, answer.body)
  })

  it("shows personal data to who may read it, and the audit log says so", async () => {
    assert.deepStrictEqual(await rowsOf("select traits from events where traits is not null"), [
      ['{"email":{"encrypted":true},"plan":"gold"}']
    ])
    const query = "select personal, personal->>'traits.email' from events where personal is not null"
    assert.strictEqual((await sql(query)).status, 400)
    const clear = await rowsOf(query, { personal_data: true })
    assert.deepStrictEqual(clear, [['{"traits.email":"ada@example.com"}', "ada@example.com"]])
    const audit = await ask(server, "GET", "/platform/audit?limit=1", { token })
    const [record] = audit.body["items"] as ReadonlyArray<Readonly<Record<string, unknown>>>
    assert.deepInclude(record, { action: "personal_data.read", target: "lake/sql" })
    const blind = tokenFor(folder, { scopes: ["analytics:sql"] })
    assert.strictEqual((await sql(query, { personal_data: true }, blind)).status, 403)
  })

  it("refuses what is no SELECT over the workspace's events, and says why", async () => {
    const refusals = [
      ["selec 1", /syntax error/],
      ["delete from events", /must be a SELECT/],
      ["select 1; select 2", /one statement/],
      ["select * from '/etc/passwd'", /no table .*: events, identities, person_events/],
      ["select nothing from events", /nothing/],
      ["select event_type::integer from events", /Conversion Error/]
    ] as const
    for (const [query, expected] of refusals) {
      const answer = await sql(query)
      assert.strictEqual(answer.status, 400, query)
      const [error] = answer.body["errors"] as readonly [{ readonly pointer: string; readonly detail: string }]
      assert.strictEqual(error.pointer, "/query")
      assert.match(error.detail, expected)
      assert.notInclude(JSON.stringify(answer.body), folder)
    }
  })

  it("leaves questions quick while a statement takes all that it may", async () => {
    const endless = sql("select count(*) from range(1000000) a, range(1000000) b where (a.range + b.range) % 7 = 8")
    const body = { date_range: { from: "2020-01-01", to: "2029-12-31" }, metrics: ["events"] }
    for (let asked = 0; asked < 5; asked += 1) {
      const start = Date.now()
      const answer = await ask(server, "POST", "/analytics/query", { token, body })
      assert.strictEqual(answer.status, 200)
      assert.isBelow(Date.now() - start, 5000)
    }
    const memory = await sql("select list(range) from range(100000000)")
    assert.match(JSON.stringify(memory.body), /256 MB of memory/)
    assert.strictEqual((await endless).status, 503)
    assert.deepStrictEqual(await rowsOf("select count(*)::integer from events"), [[5]])
  })
})

describe("the lake of a service that is killed", () => {
  it("holds every event once", async () => {
    const again: Array<unknown> = []
    for (let round = 0; round < 3; round += 1) {
      const events = Array.from({ length: 300 }, (_, number) => viewOf(`device-${number % 20}`))
      const day = new Date(Date.now() - round * 86_400_000).toISOString()
      await send(events.map((event) => ({ ...event, timestamp: day })))
      again.push(events[0])
      // In the midst of a writing, or just before or behind one.
      await new Promise((done) => setTimeout(done, 600 + round * 400))
      await server.kill("SIGKILL")
      server = await startServer(folder, often)
    }
    await awaitEvents(5 + 900)
    const known = await ask(server, "POST", "/analytics/events/batch", { token, body: { events: again } })
    assert.strictEqual(known.body["duplicates"], 3)
    const counted = await rowsOf("select count(*)::integer, count(distinct event_id)::integer from events")
    assert.deepStrictEqual(counted, [[905, 905]])
  })
})
