import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder, { subject: "anna" })
})
afterAll(() => server.kill("SIGTERM"))

type Body = Readonly<Record<string, unknown>>

const send = (method: string, path: string, body?: unknown, revision?: number, as = token) =>
  ask(server, method, path, {
    token: as,
    ...(body === undefined ? {} : { body }),
    ...(revision === undefined ? {} : { headers: { "if-match": `"${revision}"` } })
  })

const rule = (event: string) => ({ kind: "live", rule: { did: { event_types: [event] }, at_least: 1 } })
const steps = [{ event_types: ["page_view"] }, { event_types: ["order_completed"] }]
const digest = { schedule: { every: "week", weekday: 1, hour: 8 }, contents: { kind: "numbers" }, recipients: [] }
const alert = {
  metric: { name: "orders" },
  interval: "day",
  condition: { kind: "unusual", direction: "down" },
  recipients: []
}

/** What is made, and what it becomes. */
const changed: ReadonlyArray<readonly [path: string, before: Body, after: Body]> = [
  ["/analytics/funnels", { name: "Buys", steps }, { name: "Buys twice", steps: [...steps, steps[1]] }],
  [
    "/analytics/cohorts",
    { name: "Lookers", membership: rule("page_view") },
    { name: "Buyers", membership: rule("order_completed") }
  ],
  ["/analytics/alerts", { name: "Orders", ...alert }, { name: "Orders by week", ...alert, interval: "week" }],
  ["/analytics/digests", { name: "Mondays", ...digest }, { name: "None", ...digest, paused: true }],
  ["/analytics/annotations", { text: "Prices", at: 1000 }, { text: "New prices", at: 2000 }]
]

describe("a definition", () => {
  for (const [path, before, after] of changed) {
    it(`of ${path} is read as it was at each revision, and becomes that again`, async () => {
      const made = await send("POST", path, before)
      assert.strictEqual(made.status, 201, JSON.stringify(made.body))
      const own = `${path}/${String(made.body["id"])}`
      const replaced = await send("PUT", own, after, 1)
      assert.strictEqual(replaced.status, 200, JSON.stringify(replaced.body))
      const listed = await send("GET", `${own}/revisions?limit=1`)
      const [newest] = listed.body["items"] as ReadonlyArray<Body>
      assert.deepInclude(newest, { revision: 2, definition: after })
      assert.isString(listed.body["next"])
      const first = await send("GET", `${own}/revisions/1`)
      assert.deepInclude(first.body, { revision: 1, definition: before })
      const restored = await send("POST", `${own}/revisions/1/restore`, {})
      assert.strictEqual(restored.status, 200, JSON.stringify(restored.body))
      assert.deepInclude(restored.body, before)
      assert.deepInclude((await send("GET", `${own}/revisions/3`)).body, { revision: 3, definition: before })
      assert.strictEqual((await send("GET", `${own}/revisions/9`)).status, 404)
      assert.strictEqual((await send("DELETE", own, undefined, 3)).status, 204)
      assert.strictEqual((await send("GET", `${own}/revisions`)).status, 404)
    })
  }

  it("that was a personal note is shown as it was to its author alone", async () => {
    const made = await send("POST", "/analytics/annotations", { text: "Mine", at: 1000, visibility: "personal" })
    const own = `/analytics/annotations/${String(made.body["id"])}`
    const other = tokenFor(server.folder, { subject: "ben" })
    assert.strictEqual((await send("GET", `${own}/revisions`, undefined, undefined, other)).status, 404)
    await send("PUT", own, { text: "Ours", at: 1000 }, 1)
    const revisionsOf = async (as: string) =>
      ((await send("GET", `${own}/revisions`, undefined, undefined, as)).body["items"] as ReadonlyArray<Body>).map(
        ({ revision }) => revision
      )
    assert.deepStrictEqual([await revisionsOf(token), await revisionsOf(other)], [[2, 1], [2]])
    assert.strictEqual((await send("GET", `${own}/revisions/1`, undefined, undefined, other)).status, 404)
    assert.strictEqual((await send("POST", `${own}/revisions/1/restore`, {}, undefined, other)).status, 404)
  })

  it("of a cohort's rule is read as it stood where an answer from before is asked for again", async () => {
    const [, before, after] = changed[1]!
    const made = await send("POST", "/analytics/cohorts", before)
    const own = `/analytics/cohorts/${String(made.body["id"])}`
    const question = {
      date_range: { from: "2026-03-01", to: "2026-03-02" },
      metrics: ["people"],
      filters: { cohort: made.body["id"], operator: "is_member" }
    }
    const answer = await send("POST", "/analytics/query", question)
    const { watermark } = answer.body
    assert.strictEqual((await send("PUT", own, after, 1)).status, 200)
    const again = await send("POST", `/analytics/query?watermark=${String(watermark)}`, question)
    assert.strictEqual(JSON.stringify(again.body), JSON.stringify(answer.body))
    assert.notStrictEqual((await send("POST", "/analytics/query", question)).body["watermark"], watermark)
  })
})
