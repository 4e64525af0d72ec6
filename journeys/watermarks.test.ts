import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"

const timestamp = new Date(Date.now() - 60_000).toISOString()
const day = timestamp.slice(0, 10)
const range = `from=${day}&to=${day}`

describe("an answer's watermark", () => {
  const folder = freshFolder()
  const token = tokenFor(folder)
  let server: Awaited<ReturnType<typeof startServer>>
  beforeAll(async () => {
    server = await startServer(folder)
  })
  afterAll(() => server.kill("SIGKILL"))

  const call = (path: string, body?: unknown) =>
    ask(server, body === undefined ? "GET" : "POST", path, { token, ...(body === undefined ? {} : { body }) })
  const send = (events: ReadonlyArray<unknown>) => call("/analytics/events/batch", { events })
  const codesOf = ({ body }: Awaited<ReturnType<typeof call>>) =>
    ((body["errors"] ?? []) as ReadonlyArray<{ readonly pointer: string; readonly code: string }>).map((error) => [
      error.pointer,
      error.code
    ])

  const date_range = { from: day, to: day }
  const pages = { event_types: ["page_view"] }
  const questions: ReadonlyArray<readonly [path: string, body?: unknown]> = [
    [`/analytics/trends?${range}&metrics=events,people`],
    ["/analytics/query", { date_range, metrics: ["events", "people"], compare: "previous_period" }],
    [`/analytics/retention?${range}&interval=day&periods=1`],
    [`/analytics/sessions?${range}&compare=previous_period`],
    [`/analytics/paths?${range}`],
    [`/analytics/stickiness?${range}`],
    [`/analytics/lifecycle?${range}`],
    [`/analytics/ltv?${range}&currency=EUR`],
    [`/analytics/attribution?${range}&currency=EUR`],
    [`/analytics/heatmaps?${range}&path=/`],
    ["/analytics/funnels/query", { date_range, steps: [pages, pages] }]
  ]
  const views = { funnel: { date_range, steps: [pages, pages] }, step: 1 }
  const accounts = { trend: { date_range, metrics: ["accounts:company"] } }
  const lists: ReadonlyArray<readonly [path: string, body?: unknown]> = [
    [`/analytics/sessions/list?${range}&limit=1`],
    ["/analytics/people/query", { of: views, limit: 1 }],
    ["/analytics/accounts?type=company&limit=1"],
    ["/analytics/accounts/query", { of: accounts, limit: 1 }],
    ["/analytics/accounts/acme/members?type=company&limit=1"]
  ]
  const at = (path: string, watermark: string) => `${path}${path.includes("?") ? "&" : "?"}watermark=${watermark}`

  it("gives the same bytes again, whatever came since, and names what late events changed", async () => {
    const view = (anonymous_id: string, more: object = {}) =>
      eventOf({ anonymous_id, timestamp, context: { page: { url: "https://shop.example/" } }, ...more })
    await send([view("phone"), view("laptop", { user_id: "ada" })])
    await countEvents(server, token, 2)
    const before = []
    for (const [path, body] of questions) before.push(await call(path, body))
    for (const [index, { status, body }] of before.entries())
      assert.strictEqual(status, 200, `${questions[index]![0]} ${JSON.stringify(body)}`)

    await send([view("phone", { user_id: "ada" }), view("tablet")])
    await countEvents(server, token, 4)
    const merge = { from: "ada", into: "ben", force: true }
    assert.strictEqual((await call("/analytics/persons/merge", merge)).status, 201)
    for (const [index, [path, body]] of questions.entries()) {
      const { watermark } = before[index]!.body
      const again = await call(at(path, String(watermark)), body)
      assert.strictEqual(again.status, 200, `${path} ${JSON.stringify(again.body)}`)
      assert.strictEqual(JSON.stringify(again.body), JSON.stringify(before[index]!.body), path)
      assert.notStrictEqual((await call(path, body)).body["watermark"], watermark)
    }

    const since = String(before[0]!.body["watermark"])
    const question = { kind: "trend", date_range, metrics: ["events", "people"] }
    const changed = await call("/analytics/query/changes", { question, since })
    assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
    const changes = changed.body["changes"] as ReadonlyArray<{ readonly pointer: string }>
    assert.deepStrictEqual(
      changes.filter(({ pointer }) => pointer.startsWith("/totals/")),
      [{ pointer: "/totals/events", before: 2, after: 4, difference: 2 }] as never
    )
    assert.deepInclude(changed.body, { since, more: false })
  })

  it("gives lists of people, sessions and accounts again, on every page", async () => {
    const view = (anonymous_id: string, more: object = {}) => [
      eventOf({ anonymous_id, timestamp, ...more }),
      eventOf({
        anonymous_id,
        timestamp,
        event_type: "account_joined",
        properties: { account_id: anonymous_id === "watch" ? "zeta" : "acme", account_type: "company" },
        ...more
      })
    ]
    const made = await call("/analytics/cohorts", {
      name: "Viewers",
      membership: { kind: "live", rule: { did: pages, at_least: 1 } }
    })
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    const cohort = `/analytics/cohorts/${String(made.body["id"])}`
    const asked = [...lists, [`${cohort}/members?limit=1`] as const]
    await send([
      ...view("radio", { user_id: "dora" }),
      ...view("watch", { user_id: "eve" }),
      ...view("tv", { user_id: "eli" })
    ])
    await countEvents(server, token, 10)
    const before = []
    const nextOf = ({ body }: { readonly body: Readonly<Record<string, unknown>> }) => String(body["next"])
    const pageBehind = (path: string, body: object | undefined, cursor: string) =>
      body === undefined
        ? ([`${path}${path.includes("?") ? "&" : "?"}cursor=${cursor}`, undefined] as const)
        : ([path, { ...body, cursor }] as const)
    for (const [path, body] of asked) {
      const first = await call(path, body)
      assert.strictEqual(first.status, 200, `${path} ${JSON.stringify(first.body)}`)
      const [next, more] = pageBehind(path, body as object | undefined, nextOf(first))
      before.push({ path, body, first, next, more, second: await call(next, more) })
    }
    const size = await call(`${cohort}/size`)
    await send([...view("radio", { user_id: "fay" }), ...view("desk", { user_id: "gus" })])
    await countEvents(server, token, 14)
    for (const { body, first, more, next, path, second } of before) {
      assert.strictEqual(second.status, 200, `${next} ${JSON.stringify(second.body)}`)
      const watermark = String(first.body["watermark"])
      assert.strictEqual(JSON.stringify((await call(at(path, watermark), body)).body), JSON.stringify(first.body), path)
      const again = await call(at(next, watermark), more)
      assert.strictEqual(JSON.stringify(again.body), JSON.stringify(second.body), next)
    }
    const again = await call(at(`${cohort}/size`, String(size.body["watermark"])))
    assert.deepStrictEqual(again.body, size.body)
    assert.isAbove(Number((await call(`${cohort}/size`)).body["people"]), Number(size.body["people"]))
  })

  it("reads definitions as they stood, where their revisions are kept", async () => {
    const goal = await call("/analytics/goals", { name: "Sees a page", on: { page: "/**" } })
    const { id } = goal.body
    const trend = { kind: "trend", date_range, metrics: [`conversions:${String(id)}`, "events"] }
    const insight = await call("/analytics/insights", { name: "Goal by day", question: trend })
    const dashboard = await call("/analytics/dashboards", {
      name: "Goals",
      tiles: [{ insight: insight.body["id"] }, { insight: insight.body["id"], title: "Again" }]
    })
    const ids = [goal, insight, dashboard].map(({ body }) => String(body["id"]))
    assert.deepStrictEqual(
      [goal.status, insight.status, dashboard.status],
      [201, 201, 201],
      JSON.stringify(insight.body)
    )
    const paths = [
      `/analytics/goals/conversions?${range}`,
      `/analytics/goals/${ids[0]}/conversion?${range}`,
      `/analytics/insights/${ids[1]}/answer`,
      `/analytics/dashboards/${ids[2]}/answers`
    ]
    const before = []
    for (const path of paths) before.push(await call(path))
    const replace = async (path: string, body: object) => {
      const changed = await ask(server, "PUT", path, { token, body, headers: { "if-match": '"1"' } })
      assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
    }
    await replace(`/analytics/goals/${ids[0]}`, { name: "Buys", on: { event_type: "order_completed" } })
    await replace(`/analytics/insights/${ids[1]}`, { name: "Events", question: { ...trend, metrics: ["events"] } })
    await replace(`/analytics/dashboards/${ids[2]}`, { name: "Less", tiles: [{ insight: ids[1] }] })
    await call("/analytics/goals", { name: "Reads", on: { page: "/blog/**" } })
    for (const [index, path] of paths.entries()) {
      const { body, status } = before[index]!
      assert.strictEqual(status, 200, JSON.stringify(body))
      assert.isString(body["watermark"], path)
      const again = await call(at(path, String(body["watermark"])))
      assert.strictEqual(JSON.stringify(again.body), JSON.stringify(body), path)
      assert.notStrictEqual(JSON.stringify((await call(path)).body), JSON.stringify(body), path)
    }
    const { answer } = before[2]!.body as { readonly answer: { readonly result: { readonly watermark: string } } }
    const asBefore = await call(at("/analytics/query", answer.result.watermark), trend)
    assert.deepStrictEqual(asBefore.body, { ...answer })
  })

  it("is none of channel rules that were deleted and set anew", async () => {
    const rules = "/analytics/channel-rules"
    const set = async (channel: string) => {
      const body = { rules: [{ channel, when: { dimension: "source", operator: "is_not", value: "nowhere" } }] }
      const made = await ask(server, "PUT", rules, { token, body, headers: { "if-match": '"0"' } })
      assert.strictEqual(made.status, 200, JSON.stringify(made.body))
    }
    const path = `/analytics/sessions?${range}`
    await set("ours")
    const before = await call(path)
    const past = at(path, String(before.body["watermark"]))
    assert.deepStrictEqual((await call(past)).body, before.body)
    assert.strictEqual((await ask(server, "DELETE", rules, { token })).status, 204)
    assert.strictEqual((await call(past)).status, 410)
    await set("theirs")
    const again = await call(past)
    assert.strictEqual(again.status, 410, JSON.stringify(again.body))
    assert.deepStrictEqual(codesOf(again), [["/watermark", "definitions_changed"]])
    assert.strictEqual((await ask(server, "DELETE", rules, { token })).status, 204)
  })

  it("reads settings and the lists of static cohorts as they stood", async () => {
    await send([
      eventOf({ anonymous_id: "listed", user_id: "hal", timestamp }),
      eventOf({
        event_type: "order_completed",
        user_id: "ivy",
        timestamp,
        properties: { order_id: "1", total: "10.00", currency: "EUR" }
      })
    ])
    await countEvents(server, token, 16)
    const made = await call("/analytics/cohorts", { name: "Guests", membership: { kind: "static" } })
    const cohort = String(made.body["id"])
    const list = async (method: string, people: ReadonlyArray<string>) => {
      const path = `/analytics/cohorts/${cohort}/members`
      const changed = await ask(server, method, path, { token, body: { people } })
      assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
    }
    await list("POST", ["hal", "nobody-yet"])
    const filters = encodeURIComponent(JSON.stringify({ cohort, operator: "is_member" }))
    const tile = {
      kind: "trend",
      date_range,
      interval: "day",
      metrics: ["events", "people", "revenue"],
      dimensions: [`cohort:${cohort}`]
    }
    const insight = await call("/analytics/insights", { name: "Guests by day", question: tile })
    const dashboard = await call("/analytics/dashboards", { name: "Guests", tiles: [{ insight: insight.body["id"] }] })
    assert.strictEqual(dashboard.status, 201, JSON.stringify(insight.body))
    const paths = [
      `/analytics/trends?${range}&interval=week&metrics=events,people,revenue`,
      `/analytics/trends?${range}&metrics=events,people&filters=${filters}`,
      `/analytics/attribution?${range}`,
      `/analytics/sessions?${range}`,
      `/analytics/cohorts/${cohort}/size`,
      `/analytics/cohorts/${cohort}/members`,
      `/analytics/dashboards/${String(dashboard.body["id"])}/answers`
    ]
    const states: Array<ReadonlyArray<Readonly<Record<string, unknown>>>> = []
    const look = async () => {
      const answers = []
      for (const path of paths) {
        const { body, status } = await call(path)
        assert.strictEqual(status, 200, JSON.stringify(body))
        assert.isString(body["watermark"], path)
        answers.push(body)
      }
      states.push(answers)
    }
    const settingsPath = "/platform/settings"
    const set = async (more: object) => {
      const standing = await ask(server, "GET", settingsPath, { token })
      const headers = { "if-match": standing.headers.get("etag")! }
      const body = { ...standing.body, ...more }
      const changed = await ask(server, "PUT", settingsPath, { token, body, headers })
      assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
      // In force within a second.
      await new Promise((done) => setTimeout(done, 1100))
    }
    await look()
    await list("POST", ["ivy"])
    await set({ time_zone: "Pacific/Kiritimati", week_start: 7, currency: "JPY" })
    await look()
    await list("DELETE", ["hal"])
    await set({ time_zone: "Pacific/Pago_Pago", currency: "CHF" })
    await look()
    for (const [index, path] of paths.entries()) {
      assert.lengthOf(new Set(states.map((answers) => JSON.stringify(answers[index]))), 3, path)
      for (const answers of states) {
        const before = answers[index]!
        const again = await call(at(path, String(before["watermark"])))
        assert.strictEqual(JSON.stringify(again.body), JSON.stringify(before), path)
      }
    }
    // A field that is personal data by now is not shown as it was before.
    const { ingest } = (await ask(server, "GET", settingsPath, { token })).body as { readonly ingest: object }
    await set({ ingest: { ...ingest, personal_fields: ["properties.secret"] } })
    const gone = await call(at(paths[0]!, String(states[0]![0]!["watermark"])))
    assert.deepStrictEqual([gone.status, codesOf(gone)], [410, [["/watermark", "definitions_changed"]]])
  })

  it("is one of all tiles of a dashboard, however fast events come", async () => {
    const question = { kind: "trend", date_range, time_zone: "UTC", metrics: ["events"] }
    const insight = await call("/analytics/insights", { name: "Events so far", question })
    const tiles = Array.from({ length: 12 }, () => ({ insight: insight.body["id"] }))
    const dashboard = await call("/analytics/dashboards", { name: "Busy", tiles })
    const path = `/analytics/dashboards/${String(dashboard.body["id"])}/answers`
    let busy = true
    const sending = (async () => {
      for (let number = 0; busy; number += 1) await send([eventOf({ anonymous_id: `busy-${number % 5}`, timestamp })])
    })()
    const seen = new Set<number>()
    const deadline = Date.now() + 30_000
    for (let look = 0; look < 10 || (seen.size < 3 && Date.now() < deadline); look += 1) {
      const { body } = await call(path)
      assert.isString(body["watermark"], JSON.stringify(body))
      const shown = (body["tiles"] as ReadonlyArray<{ readonly answer: { readonly result: object } }>).map(
        ({ answer }) => (answer.result as { readonly totals: { readonly events: number } }).totals.events
      )
      assert.lengthOf(new Set(shown), 1)
      seen.add(shown[0]!)
    }
    busy = false
    await sending
    assert.isAbove(seen.size, 2)
  })

  it("is refused for SQL, whose files have no history", async () => {
    const refused = await call(at("/analytics/sql", "any"), { query: "select 1 as one" })
    assert.strictEqual(refused.status, 400)
    assert.deepStrictEqual(codesOf(refused), [["/watermark", "no_history"]])
  })

  it("is refused where nobody issued it, and gone with data that was erased", async () => {
    const [path, body] = questions[1]!
    const asked = await call(path, body)
    const watermark = String(asked.body["watermark"])
    const forged = `${watermark.slice(0, 30)}${watermark[30] === "A" ? "B" : "A"}${watermark.slice(31)}`
    const refused = await call(at(path, forged), body)
    assert.strictEqual(refused.status, 400)
    assert.deepStrictEqual(codesOf(refused), [["/watermark", "not_issued"]])
    const question = { kind: "trend", date_range, metrics: ["events"] }
    const strange = await call("/analytics/query/changes", { question, since: "made-up" })
    assert.deepStrictEqual(codesOf(strange), [["/since", "not_issued"]])
    const wrong = await call("/analytics/query/changes", {
      question: { ...question, metrics: ["evens"] },
      since: watermark
    })
    assert.deepStrictEqual(
      codesOf(wrong).map(([pointer]) => pointer),
      ["/question/metrics/0"]
    )

    assert.strictEqual((await call("/analytics/persons/tablet/erase", {})).status, 200)
    const gone = await call(at(path, watermark), body)
    assert.strictEqual(gone.status, 410)
    assert.deepStrictEqual(codesOf(gone), [["/watermark", "erased"]])
  })
})
