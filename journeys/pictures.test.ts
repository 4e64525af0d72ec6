import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string

const day = (number: number) => `2026-03-0${number}T12:00:00Z`
const visits: ReadonlyArray<readonly [string, string, number, string]> = [
  ["a", "page_view", 1, "/"],
  ["a", "page_view", 1, "/pricing"],
  ["a", "order_completed", 2, "/pricing"],
  ["b", "page_view", 1, "/"],
  ["b", "page_view", 2, "/<blog> & „more“"],
  ["c", "page_view", 2, "/"]
]

beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  const events = visits.map(([anonymous_id, event_type, at, path], index) =>
    eventOf({
      anonymous_id,
      event_type,
      session_id: `${anonymous_id}${at}`,
      timestamp: day(at).replace(":00Z", `:${String(index).padStart(2, "0")}Z`),
      context: { page: { url: `https://shop.example${encodeURI(path)}`, referrer: "https://news.example/" } },
      ...(event_type === "order_completed" ? { properties: { order_id: "1", total: "10.00", currency: "EUR" } } : {})
    })
  )
  await ask(server, "POST", "/analytics/events/batch", { token, body: { events, historical: true } })
  await countEvents(server, token, events.length)
})
afterAll(() => server.kill("SIGTERM"))

const draw = async (path: string, headers: Readonly<Record<string, string>> = {}, body?: unknown) => {
  const response = await fetch(server.url + path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${token}`,
      accept: "image/svg+xml",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  return { response, text: await response.text() }
}
const range = "from=2026-03-01&to=2026-03-03"
const date_range = { from: "2026-03-01", to: "2026-03-03" }
const steps = [{ event_types: ["page_view"] }, { event_types: ["order_completed"] }]

const questions: ReadonlyArray<readonly [name: string, path: string, body?: unknown]> = [
  ["a trend", `/analytics/trends?${range}&interval=day&metrics=events,people,revenue`],
  ["a trend by value", `/analytics/trends?${range}&dimensions=path`],
  ["a posted trend", "/analytics/query", { date_range, metrics: ["events"], interval: "day" }],
  ["a funnel", "/analytics/funnels/query", { date_range, steps }],
  ["retention", `/analytics/retention?${range}&periods=2`],
  ["paths", `/analytics/paths?${range}`],
  ["stickiness", `/analytics/stickiness?${range}`],
  ["lifecycle", `/analytics/lifecycle?${range}`],
  ["sessions", `/analytics/sessions?${range}&interval=day`],
  ["sessions by value", `/analytics/sessions?${range}&dimension=entry_path`],
  ["attribution", `/analytics/attribution?${range}`],
  ["lifetime value", "/analytics/ltv/query", { date_range, predict: false }]
]

describe("a question that asks for a picture", () => {
  it("is answered as one that stands alone, the same again, and as JSON to others", async () => {
    for (const [name, path, body] of questions) {
      const { response, text } = await draw(path, {}, body)
      assert.strictEqual(response.status, 200, `${name}: ${text}`)
      assert.match(response.headers.get("content-type")!, /^image\/svg\+xml/, name)
      assert.strictEqual(response.headers.get("vary"), "accept", name)
      assert.match(text, /^<svg [^>]*width="900" height="480"[\s\S]*<\/svg>\s*$/, name)
      assert.notInclude(text, "Nothing to show", name)
      assert.notMatch(text.replaceAll(/xmlns(:\w+)?="[^"]*"/g, ""), /https?:|<script|NaN|undefined/, name)
      assert.strictEqual((await draw(path, {}, body)).text, text, name)
      const json = await draw(path, { accept: "application/json" }, body)
      assert.match(json.response.headers.get("content-type")!, /^application\/json/, name)
      assert.strictEqual(json.response.headers.get("vary"), "accept", name)
      assert.isString((JSON.parse(json.text) as { watermark: unknown }).watermark, name)
    }
  })

  it("shows titles, axes and names, escaped", async () => {
    const { text } = await draw(`/analytics/trends?${range}&dimensions=path&metrics=events&width=1200`)
    for (const shown of ["Events by value", "2026-03-01 to 2026-03-03, UTC", "/pricing"]) assert.include(text, shown)
    assert.notInclude(text, "<blog>")
    const funnel = await draw("/analytics/funnels/query", {}, { date_range, steps })
    assert.include(funnel.text, "1 (33.3 %)")
  })

  it("has the size that is asked for, within limits, and is held by its ETag", async () => {
    const path = `/analytics/stickiness?${range}&width=640&height=300`
    const { response, text } = await draw(path)
    assert.include(text, 'width="640" height="300"')
    const etag = response.headers.get("etag")!
    assert.strictEqual((await draw(path, { "if-none-match": etag })).response.status, 304)
    for (const size of ["width=319", "width=2401", "height=1", "height=tall"]) {
      const refused = await draw(`/analytics/stickiness?${range}&${size}`)
      assert.strictEqual(refused.response.status, 400, size)
      assert.include(refused.text, `"pointer":"/${size.split("=")[0]}"`)
    }
  })

  it("says so where there is nothing to show, or no form would do", async () => {
    for (const [name, path] of questions.filter(([, , body]) => body === undefined)) {
      const { response, text } = await draw(path.replaceAll("2026-03", "2020-03"))
      assert.strictEqual(response.status, 200, `${name}: ${text}`)
      if (!path.includes("interval=day")) assert.include(text, "Nothing to show", name)
    }
    const refused = await draw(`/analytics/stickiness?${range}`, { accept: "image/png" })
    assert.strictEqual(refused.response.status, 406)
    assert.strictEqual(refused.response.headers.get("content-type"), "application/problem+json")
    assert.strictEqual((await draw(`/analytics/stickiness?from=x&to=y`)).response.status, 400)
  })
})
