import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

type Fields = Readonly<Record<string, unknown>>

let server: ServerProcess
let token: string
const range = "from=2026-03-02&to=2026-03-02"
const at = (time: string) => `2026-03-02T${time}Z`
const context = { page: { url: "https://www.shop.example/pricing" }, device: { type: "desktop" } }
const click = (time: string, x: number, more: Fields = {}) =>
  eventOf({
    event_type: "element_clicked",
    timestamp: at(time),
    context,
    properties: { selector: "#buy", x, y: 500, page_width: 1280, document_height: 2560, dead: false, ...more }
  })
const vital = (name: string, value: number) =>
  eventOf({ event_type: "web_vital", timestamp: at("12:00:00"), context, properties: { name, value } })

beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  const events = [
    click("12:00:01", 640),
    click("12:00:01.400", 650),
    click("12:00:01.900", 660),
    click("12:00:02.300", 660),
    click("12:00:09", 20, { selector: "#menu" }),
    click("12:00:20", 100, { selector: "main > p", dead: true }),
    click("12:00:20.500", 131, { selector: "main > p", dead: true }),
    click("12:00:20.900", 131, { selector: "main > p", dead: true }),
    ...[1000, 2000, 2500, 2501].map((value) => vital("LCP", value)),
    ...[0.05, 0.3].map((value) => vital("CLS", value))
  ]
  const sent = await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
  assert.strictEqual(sent.body["stored"], events.length)
  await countEvents(server, token, events.length)
})
afterAll(() => server.kill("SIGTERM"))

const read = (path: string, as = token) => ask(server, "GET", path, { token: as })

describe("clicks by element", () => {
  it("tell anger from dead ends, by query string and as JSON alike", async () => {
    const { body, status } = await read(`/analytics/clicks/elements?${range}&host=shop.example`)
    assert.strictEqual(status, 200, JSON.stringify(body))
    const place = { host: "shop.example", path: "/pricing" }
    const calm = { rage_clicks: 0, rage_bursts: 0, rage_people: 0, people: 1 }
    assert.deepStrictEqual(body["elements"], [
      {
        selector: "#buy",
        ...place,
        clicks: 4,
        rage_clicks: 4,
        rage_bursts: 1,
        dead_clicks: 0,
        people: 1,
        rage_people: 1,
        dead_people: 0
      },
      { selector: "main > p", ...place, ...calm, clicks: 3, dead_clicks: 3, dead_people: 1 },
      { selector: "#menu", ...place, ...calm, clicks: 1, dead_clicks: 0, dead_people: 0 }
    ])
    const asked = await ask(server, "POST", "/analytics/clicks/query", {
      token,
      body: { date_range: { from: "2026-03-02", to: "2026-03-02" }, host: "shop.example" }
    })
    assert.deepStrictEqual(asked.body, body)
    const dead = await read(`/analytics/clicks/elements?${range}&order=dead&top=1`)
    assert.deepInclude((dead.body["elements"] as ReadonlyArray<Fields>)[0], { selector: "main > p", dead_clicks: 3 })
    assert.strictEqual(dead.body["other_elements"], 2)
  })

  it("refuse an order that there is not", async () => {
    assert.strictEqual((await read(`/analytics/clicks/elements?${range}&order=loud`)).status, 400)
  })
})

describe("web vitals", () => {
  it("are rated at the 75th percentile by page and class of devices", async () => {
    const { body, status } = await read(`/analytics/web-vitals?${range}`)
    assert.strictEqual(status, 200, JSON.stringify(body))
    const [page] = body["pages"] as ReadonlyArray<Fields>
    const vitals = [
      { name: "LCP", samples: 4, p75: 2500, rating: "good", good: 0.75, needs_improvement: 0.25, poor: 0 },
      { name: "CLS", samples: 2, p75: 0.3, rating: "poor", good: 0.5, needs_improvement: 0, poor: 0.5 }
    ]
    assert.deepStrictEqual(page, {
      host: "shop.example",
      path: "/pricing",
      samples: 6,
      vitals,
      passes: false,
      devices: [{ device: "desktop", vitals, passes: false }]
    })
    const asked = await ask(server, "POST", "/analytics/web-vitals/query", {
      token,
      body: { date_range: { from: "2026-03-02", to: "2026-03-02" } }
    })
    assert.deepStrictEqual(asked.body, body)
    const foreign = await read(`/analytics/web-vitals?${range}`, tokenFor(server.folder, { workspace: "foreign" }))
    assert.deepStrictEqual(foreign.body["pages"], [])
  })
})
