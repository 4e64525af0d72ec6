import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { asking } from "./asking.ts"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  const week = 7 * 86_400_000
  const events = [
    eventOf({ anonymous_id: "a", timestamp: new Date(Date.now() - week).toISOString() }),
    eventOf({ anonymous_id: "b", timestamp: new Date(Date.now() - week).toISOString() }),
    eventOf({ anonymous_id: "a", timestamp: new Date(Date.now() - 2 * week).toISOString() })
  ]
  await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
  await countEvents(server, token, events.length)
})
afterAll(() => server.kill("SIGTERM"))

const { send } = asking(() => ({ server, token }))
const problemOf = ({ body }: Answer) => (body["errors"] as ReadonlyArray<object>)[0]!

const definition = {
  name: "Monday's numbers",
  schedule: { every: "week", weekday: 1, hour: 8 },
  contents: { kind: "numbers" },
  recipients: ["anna@example.org"]
}

describe("a digest", () => {
  it("shows before it is sent what it would say", async () => {
    const made = await send("POST", "/analytics/digests", definition)
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    const path = made.headers.get("location")!
    const { body, status } = await send("POST", `${path}/preview`)
    assert.strictEqual(status, 200, JSON.stringify(body))
    assert.strictEqual(body["subject"], `Monday's numbers: ${String(body["from"])} to ${String(body["to"])}`)
    assert.match(String(body["text"]), /^People +2 +1 +\+100 %$/m)
    assert.include(String(body["html"]), "Top channels")
    const { body: state } = await send("GET", `${path}/state`)
    const next = new Date(Number(state["next_at"]))
    assert.deepStrictEqual([next.getUTCDay(), next.getUTCHours(), next.getUTCMinutes()], [1, 8, 0])
    assert.isNull(state["sent_at"])
    const paused = await send("PUT", path, { ...definition, paused: true }, { "if-match": '"1"' })
    assert.strictEqual(paused.status, 200, JSON.stringify(paused.body))
    assert.isNull((await send("GET", `${path}/state`)).body["next_at"])
    assert.strictEqual((await send("DELETE", path)).status, 204)
    assert.strictEqual((await send("GET", `${path}/state`)).status, 404)
  })

  it("keeps the dashboard that it sends from being deleted", async () => {
    const dashboard = (await send("POST", "/analytics/dashboards", { name: "Empty", tiles: [] })).headers.get(
      "location"
    )!
    const contents = { kind: "dashboard", dashboard: dashboard.split("/").at(-1) }
    const made = await send("POST", "/analytics/digests", { ...definition, name: "Sends it", contents })
    const path = made.headers.get("location")!
    assert.include(String((await send("POST", `${path}/preview`)).body["text"]), "no tiles")
    assert.deepInclude(problemOf(await send("DELETE", dashboard)), { code: "in_use" })
    assert.strictEqual((await send("DELETE", path)).status, 204)
    assert.strictEqual((await send("DELETE", dashboard)).status, 204)
  })

  it("is refused where it could not be sent, with the place", async () => {
    for (const [status, pointer, wrong] of [
      [400, "/schedule/weekday", { schedule: { every: "week", weekday: 8, hour: 8 } }],
      [400, "/schedule/day", { schedule: { every: "month", day: 29, hour: 8 } }],
      [400, "/schedule/hour", { schedule: { every: "month", day: 1, hour: 24 } }],
      [400, "/recipients/0", { recipients: ["anna@"] }],
      [422, "/contents/dashboard", { contents: { kind: "dashboard", dashboard: "none" } }]
    ] as const) {
      const refused = await send("POST", "/analytics/digests", { ...definition, name: "Wrong", ...wrong })
      assert.strictEqual(refused.status, status, JSON.stringify([wrong, refused.body]))
      assert.deepInclude(problemOf(refused), { pointer }, JSON.stringify(refused.body))
    }
  })
})
