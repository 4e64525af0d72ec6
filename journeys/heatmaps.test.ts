import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

type Fields = Readonly<Record<string, unknown>>

let server: ServerProcess
let token: string
const at = (time: string) => `2026-03-02T${time}Z`
const context = {
  page: { url: "https://www.shop.example/pricing?utm_source=news" },
  device: { type: "desktop" }
}
const click = (time: string, x: number, y: number, more: Fields = {}) =>
  eventOf({
    event_type: "element_clicked",
    timestamp: at(time),
    context,
    properties: { selector: "#buy", x, y, page_width: 1280, document_height: 2560, fixed: false, dead: false, ...more }
  })
const range = "from=2026-03-02&to=2026-03-02"

beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  const events = [
    eventOf({ timestamp: at("12:00:00"), context }),
    click("12:00:01", 640, 1280),
    click("12:00:01.400", 641, 1281),
    click("12:00:01.900", 642, 1282),
    click("12:00:09", 20, 20, { selector: "#menu", fixed: true, document_height: 720 }),
    click("12:00:20", 100, 100, { selector: "main > p", dead: true }),
    eventOf({
      event_type: "page_exit",
      timestamp: at("12:00:30"),
      context,
      properties: { engaged_ms: 9000, scroll_percent: 60 }
    })
  ]
  const sent = await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
  assert.strictEqual(sent.body["stored"], events.length)
  await countEvents(server, token, events.length)
})
afterAll(() => server.kill("SIGTERM"))

describe("heatmaps", () => {
  it("are answered by query string and as JSON alike", async () => {
    const query = `${range}&path=/pricing&host=shop.example&device=desktop`
    const { body, status } = await ask(server, "GET", `/analytics/heatmaps?${query}`, { token })
    assert.strictEqual(status, 200, JSON.stringify(body))
    const [map, ...others] = body["maps"] as ReadonlyArray<Record<"page" | "fixed" | "scroll", Fields> & Fields>
    assert.strictEqual(others.length, 0)
    assert.deepStrictEqual(map!.page, {
      clicks: 4,
      unplaced: 0,
      people: 1,
      page_width: 1280,
      document_height: 2560,
      cells: [
        { column: 5, row: 5, clicks: 1, people: 1 },
        { column: 32, row: 64, clicks: 3, people: 1 }
      ]
    })
    assert.deepStrictEqual(map!.fixed["cells"], [{ column: 1, row: 3, clicks: 1, people: 1 }])
    const reach = map!.scroll["reach"] as ReadonlyArray<Fields>
    assert.deepStrictEqual(
      [reach[59], reach[60]],
      [
        { percent: 60, views: 1, share: 1 },
        { percent: 61, views: 0, share: 0 }
      ]
    )
    const asked = await ask(server, "POST", "/analytics/heatmaps/query", {
      token,
      body: {
        date_range: { from: "2026-03-02", to: "2026-03-02" },
        path: "/pricing",
        host: "www.shop.example",
        device: "desktop"
      }
    })
    assert.deepStrictEqual(asked.body, body)
  })

  it("are a picture for who asks for one", async () => {
    const answer = await fetch(`${server.url}/analytics/heatmaps?${range}&path=/pricing`, {
      headers: { authorization: `Bearer ${token}`, accept: "image/svg+xml" }
    })
    assert.strictEqual(answer.headers.get("content-type"), "image/svg+xml")
    const picture = await answer.text()
    assert.match(picture, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 1280 2560"/)
    assert.include(picture, '<rect x="640" y="1280" width="20" height="20"')
  })

  it("list the pages that were clicked on", async () => {
    const { body } = await ask(server, "GET", `/analytics/heatmaps/pages?${range}`, { token })
    assert.deepStrictEqual(body["items"], [{ host: "shop.example", path: "/pricing", clicks: 5, people: 1 }])
  })

  it("refuse what they cannot read, and keep workspaces apart", async () => {
    const wrong = await ask(server, "GET", `/analytics/heatmaps?${range}&path=/pricing&filters=x`, { token })
    assert.strictEqual(wrong.status, 400)
    assert.deepInclude((wrong.body["errors"] as ReadonlyArray<object>)[0], { pointer: "/filters", code: "not_json" })
    const foreign = await ask(server, "GET", `/analytics/heatmaps?${range}&path=/pricing`, {
      token: tokenFor(server.folder, { workspace: "foreign" })
    })
    assert.deepStrictEqual(foreign.body["maps"], [])
  })
})
