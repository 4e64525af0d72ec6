import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.kill("SIGTERM"))

type Fields = Readonly<Record<string, unknown>>
const day = "2026-03-02"
const at = (time: string) => `${day}T${time}:00Z`
const bring = async (token: string, events: ReadonlyArray<object>, total = events.length) => {
  const answer = await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
  assert.strictEqual(answer.body["stored"], events.length, JSON.stringify(answer.body))
  await countEvents(server, token, total)
}
const totalsOf = async (token: string) =>
  (await ask(server, "GET", `/analytics/sessions?from=${day}&to=${day}`, { token })).body["totals"] as Fields

describe("sessions", () => {
  it("are answered by query string and as JSON alike, listed with their events, and refused with every wrong name", async () => {
    const token = tokenFor(server.folder, { workspace: "visits" })
    const visit = (session_id: string, time: string, more: object = {}) =>
      eventOf({ anonymous_id: session_id, session_id, timestamp: at(time), ...more })
    const page = (url: string, referrer?: string) => ({
      page: { url: `https://shop.example${url}`, ...(referrer === undefined ? {} : { referrer }) }
    })
    await bring(token, [
      visit("a", "23:50", { context: page("/start?utm_source=news&utm_medium=email") }),
      visit("a", "23:58", { context: page("/buy") }),
      visit("a", "23:59", { event_type: "page_exit", properties: { engaged_ms: 4000, scroll_percent: 80 } }),
      visit("b", "10:00", { context: page("/start", "https://www.google.com/") })
    ])
    const flat = `from=${day}&to=${day}&dimension=channel&interval=day&holding_event_types=page_view`
    const answer = await ask(server, "GET", `/analytics/sessions?${flat}`, { token })
    assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
    assert.deepInclude(answer.body["totals"] as Fields, {
      sessions: 2,
      people: 2,
      bounces: 1,
      bounce_rate: 0.5,
      pages_per_session: 1.5,
      duration_median_ms: 270_000,
      engaged_mean_ms: 4000,
      scroll_mean_percent: 80
    })
    assert.deepStrictEqual(
      (answer.body["rows"] as ReadonlyArray<Fields>).map(({ value }) => value),
      ["email", "organic_search"]
    )
    const asked = await ask(server, "POST", "/analytics/sessions/query", {
      token,
      body: {
        date_range: { from: day, to: day },
        dimension: "channel",
        interval: "day",
        holding: { event_types: ["page_view"] }
      }
    })
    assert.deepStrictEqual(asked.body, answer.body)
    const first = await ask(server, "GET", `/analytics/sessions/list?from=${day}&to=${day}&limit=1`, { token })
    const [item] = first.body["items"] as ReadonlyArray<Fields>
    assert.deepInclude(item, { session_id: "a", pages: 2, entry_path: "/start", exit_path: "/buy", source: "news" })
    const events = await ask(server, "GET", String(item!["events_url"]), { token })
    assert.strictEqual((events.body["items"] as ReadonlyArray<Fields>).length, item!["events"])
    const next = `/analytics/sessions/list?from=${day}&to=${day}&limit=1&cursor=${String(first.body["next"])}`
    const second = await ask(server, "GET", next, { token })
    assert.deepInclude((second.body["items"] as ReadonlyArray<Fields>)[0], { session_id: "b", bounced: true })
    assert.isNull(second.body["next"])
    const wrong = await ask(server, "GET", `/analytics/sessions?from=${day}&to=${day}&dimension=chanel&filters=x`, {
      token
    })
    assert.strictEqual(wrong.status, 400)
    assert.deepInclude((wrong.body["errors"] as ReadonlyArray<object>)[0], { pointer: "/filters", code: "not_json" })
    const foreign = next.replace("limit=1", "limit=1&filters=%7B%22and%22%3A%5B%5D%7D")
    assert.strictEqual((await ask(server, "GET", foreign, { token })).status, 400)
  })

  it("are derived by the workspace's own limits where clients send none, and late events correct them", async () => {
    const token = tokenFor(server.folder, { workspace: "derived" })
    const before = await ask(server, "GET", "/platform/settings", { token })
    const change = (ingest: object) =>
      ask(server, "PUT", "/platform/settings", {
        token,
        body: { ...before.body, ingest: { ...(before.body["ingest"] as object), ...ingest } },
        headers: { "if-match": before.headers.get("etag") ?? "" }
      })
    assert.strictEqual((await change({ session_idle_minutes: 601 })).status, 400)
    assert.strictEqual((await change({ sessions: "server", session_idle_minutes: 20 })).status, 200)
    await new Promise((done) => setTimeout(done, 1100))
    const { session_id: _, ...plain } = eventOf()
    const view = (time: string) => ({ ...plain, event_id: crypto.randomUUID(), timestamp: at(time) })
    await bring(token, [view("10:00"), view("10:30")])
    assert.deepInclude(await totalsOf(token), { sessions: 2, bounces: 2, people: 1 })
    await bring(token, [view("10:15")], 3)
    assert.deepInclude(await totalsOf(token), { sessions: 1, bounces: 0, pages: 3, duration_mean_ms: 1_800_000 })
    const trend = await ask(server, "GET", `/analytics/trends?from=${day}&to=${day}&metrics=sessions`, { token })
    assert.deepStrictEqual(trend.body["totals"], { sessions: 1 })
    const list = await ask(server, "GET", `/analytics/sessions/list?from=${day}&to=${day}`, { token })
    const [item] = list.body["items"] as ReadonlyArray<Fields>
    assert.isNull(item!["session_id"])
    const events = await ask(server, "GET", String(item!["events_url"]), { token })
    assert.strictEqual((events.body["items"] as ReadonlyArray<Fields>).length, 3)
  })
})
