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

const definition = {
  name: "Seen to bought",
  steps: [{ event_types: ["product_viewed"] }, { event_types: ["order_completed"] }],
  conversion_window: { value: 1, unit: "hour" }
}
const at = (minute: number) => `2026-03-01T12:${String(minute).padStart(2, "0")}:00Z`

describe("a funnel", () => {
  it("is kept, read, changed by revision, asked and deleted", async () => {
    const events = [
      ["a", "product_viewed", 0],
      ["a", "order_completed", 30],
      ["b", "product_viewed", 0],
      ["c", "order_completed", 5]
    ] as const
    await ask(server, "POST", "/analytics/events/batch", {
      token,
      body: {
        events: events.map(([anonymous_id, event_type, minute]) =>
          eventOf({ anonymous_id, event_type, timestamp: at(minute) })
        )
      }
    })
    await countEvents(server, token, events.length)
    const made = await ask(server, "POST", "/analytics/funnels", { token, body: definition })
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    const path = `/analytics/funnels/${String(made.body["id"])}`
    const conversion = await ask(server, "GET", `${path}/conversion?from=2026-03-01&to=2026-03-01`, { token })
    assert.strictEqual(conversion.status, 200, JSON.stringify(conversion.body))
    const steps = conversion.body["steps"] as ReadonlyArray<Record<string, unknown>>
    assert.deepStrictEqual(
      steps.map((step) => step["people"]),
      [2, 1]
    )
    assert.deepInclude(steps[1]!["from_start"] as object, { rate: 0.5 })
    assert.strictEqual((steps[1]!["time_to_convert"] as { median_ms: number }).median_ms, 1_800_000)

    assert.strictEqual((await ask(server, "POST", "/analytics/funnels", { token, body: definition })).status, 409)
    const replace = (body: unknown, revision: string) =>
      ask(server, "PUT", path, { token, body, headers: { "if-match": revision } })
    const changed = await replace({ ...definition, name: "Seen to bought soon" }, '"1"')
    assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
    assert.strictEqual(changed.headers.get("etag"), '"2"')
    assert.strictEqual((await replace(definition, '"1"')).status, 412)
    const wrong = await replace({ ...definition, steps: definition.steps.slice(0, 1) }, '"2"')
    assert.strictEqual(wrong.status, 400)
    assert.deepInclude((wrong.body["errors"] as ReadonlyArray<object>)[0], { pointer: "/steps", code: "too_few" })

    const list = await ask(server, "GET", "/analytics/funnels", { token })
    assert.strictEqual((list.body["items"] as ReadonlyArray<unknown>).length, 1)
    assert.strictEqual((await ask(server, "DELETE", path, { token })).status, 204)
    assert.strictEqual((await ask(server, "GET", path, { token })).status, 404)
    assert.strictEqual(
      (await ask(server, "GET", `${path}/conversion?from=2026-03-01&to=2026-03-01`, { token })).status,
      404
    )
  })
})
