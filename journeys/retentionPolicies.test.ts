import { readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import { ask, countEvents, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

const dayMillis = 86_400_000
const policies = "/analytics/retention-policies"
const holds = "/analytics/legal-holds"
const folder = freshFolder()
/** Stands in an event that expires, and must stand nowhere behind. */
const marker = "something-that-was-said-long-ago"
let server: ServerProcess
let token: string
let cohort: string
let hold: Answer

const ok = (answer: Answer, status = 200) => {
  assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
  return answer.body
}
const post = (path: string, body: unknown) => ask(server, "POST", path, { token, body })
const get = (path: string) => ask(server, "GET", path, { token })
const errorOf = (answer: Answer) => (answer.body["errors"] as ReadonlyArray<Readonly<Record<string, unknown>>>)[0]
const daysAgo = (days: number): string => new Date(Date.now() - days * dayMillis).toISOString()
const dayOf = (days: number): string => daysAgo(days).slice(0, 10)

/** Of the days that stay: ada, by phone and watch, ben, and nobody else. */
const lately = async () => {
  const range = { from: dayOf(2), to: dayOf(0) }
  const answer = await post("/analytics/query", { date_range: range, metrics: ["people"] })
  return (ok(answer)["totals"] as Readonly<Record<string, unknown>>)["people"]
}
/** Whoever viewed a page for the first time 40 days ago. */
const firstComers = async () => ok(await get(`/analytics/cohorts/${cohort}/size`))["people"]
const inLake = async () => {
  const query = "select count(*)::integer from events"
  return (ok(await post("/analytics/sql", { query }))["rows"] as ReadonlyArray<ReadonlyArray<number>>)[0]![0]
}
const until = async (value: () => Promise<unknown>, expected: unknown) => {
  const deadline = Date.now() + 30_000
  let found: unknown
  do {
    found = await value()
    if (found === expected) return
    await new Promise((done) => setTimeout(done, 200))
  } while (Date.now() < deadline)
  assert.strictEqual(found, expected)
}
const logHolds = (text: string): boolean =>
  readdirSync(filesOf(folder).log)
    .filter((name) => name.endsWith(".log"))
    .some((name) => readFileSync(join(filesOf(folder).log, name)).includes(text))

beforeAll(async () => {
  server = await startServer(folder, { LAKE_SECONDS: "1" })
  token = tokenFor(folder)
  const old = { timestamp: daysAgo(40) }
  const events = [
    eventOf({ ...old, anonymous_id: "phone", user_id: "ada", properties: { said: marker } }),
    eventOf({ ...old, anonymous_id: "tablet" }),
    eventOf({ ...old, anonymous_id: "laptop", user_id: "carl" }),
    eventOf({ ...old, anonymous_id: "desk", user_id: "ben", event_type: "order_completed" }),
    // Neither the first event of its user nor of its type: it alone tells whose the watch is.
    eventOf({ timestamp: daysAgo(39), anonymous_id: "watch", user_id: "ada" }),
    eventOf({ timestamp: daysAgo(1), anonymous_id: "watch" }),
    eventOf({ timestamp: daysAgo(1), anonymous_id: "phone", user_id: "ada" }),
    eventOf({ timestamp: daysAgo(1), anonymous_id: "desk", user_id: "ben" })
  ]
  ok(await post("/analytics/events/batch", { events, historical: true }))
  await countEvents(server, token, 8)
  const rule = { first_time: { event_types: ["page_view"] }, between: { from: dayOf(41), to: dayOf(39) } }
  const made = await post("/analytics/cohorts", { name: "Of old", membership: { kind: "live", rule } })
  cohort = String(ok(made, 201)["id"])
  await until(inLake, 8)
})
afterAll(() => server.kill("SIGTERM"))

describe("retention policies", () => {
  it("say before what they would remove, and change nothing by it", async () => {
    hold = await post(holds, { name: "Case 12", reason: "asked for by the court", person: "carl" })
    ok(hold, 201)
    const asked = { policy: { name: "All else", days: 30 } }
    const forecast = ok(await post(`${policies}/dry-run`, asked))
    assert.deepInclude(forecast, { events: 4, held_events: 1 })
    assert.deepInclude((forecast["policies"] as ReadonlyArray<object>)[0], {
      name: "All else",
      events: 4,
      lake_events: 4,
      held_events: 1,
      event_types: [
        { event_type: "page_view", events: 3, oldest_day: dayOf(40) },
        { event_type: "order_completed", events: 1, oldest_day: dayOf(40) }
      ]
    })
    assert.strictEqual(await countEvents(server, token, 8), 8)
    assert.deepStrictEqual(ok(await get(policies))["items"], [])
  })

  it("leave no doubt which one holds for a type", async () => {
    const orders = ok(await post(policies, { name: "Orders", days: 3650, event_types: ["order_completed"] }), 201)
    const rest = ok(await post(policies, { name: "All else", days: 30 }), 201)
    const second = await post(policies, { name: "More", days: 1 })
    assert.strictEqual(second.status, 409)
    assert.deepInclude(errorOf(second), { pointer: "/event_types", code: "second_default" })
    const twice = await post(policies, { name: "More", days: 1, event_types: ["a", "order_completed"] })
    assert.strictEqual(twice.status, 409)
    assert.deepInclude(errorOf(twice), { pointer: "/event_types/1", code: "named_before" })
    for (const days of [0, 1.5, 40_000, "30"]) {
      const bad = await post(policies, { name: "Bad", days })
      assert.strictEqual(bad.status, 400)
      assert.deepInclude(errorOf(bad), { pointer: "/days" })
    }
    const missing = await post(`${policies}/dry-run`, { replaces: "nothing" })
    assert.deepInclude(errorOf(missing), { pointer: "/replaces", code: "not_found" })
    const replaced = { policy: { name: "Orders", days: 30, event_types: ["order_completed"] }, replaces: orders["id"] }
    assert.deepInclude(ok(await post(`${policies}/dry-run`, replaced)), { events: 4, held_events: 1 })
    assert.deepInclude(ok(await post(`${policies}/dry-run`, {})), { events: 3, held_events: 1 })
    const put = await ask(server, "PUT", `${policies}/${String(rest["id"])}`, {
      token,
      body: { name: "All else", days: 29 },
      headers: { "if-match": '"1"' }
    })
    assert.strictEqual(ok(put)["days"], 29)
  })

  it("are kept in store, lake and log, but for what is held; who came first stays known, in a store built anew, too", async () => {
    assert.strictEqual(await firstComers(), 3)
    assert.strictEqual(await lately(), 2)
    assert.isTrue(logHolds(marker))
    await server.kill("SIGTERM")
    server = await startServer(folder, { LAKE_SECONDS: "1" })
    await until(inLake, 5)
    assert.strictEqual(await countEvents(server, token, 5), 5)
    assert.strictEqual(await firstComers(), 3)
    await until(async () => logHolds(marker), false)
    assert.isTrue(logHolds("carl"))
    const records = ok(await get("/platform/audit?action=retention.enforced"))["items"] as ReadonlyArray<object>
    assert.deepInclude(records[0], { actor: "retention", after: { "All else": { events: 3, lake_events: 3 } } })

    await server.kill("SIGTERM")
    for (const end of ["", ".wal"]) rmSync(`${filesOf(folder).events}${end}`, { force: true })
    server = await startServer(folder, { LAKE_SECONDS: "1" })
    assert.strictEqual(await countEvents(server, token, 5), 5)
    await until(firstComers, 3)
    await until(lately, 2)
    assert.strictEqual(await inLake(), 5)
  })

  it("yield to a legal hold, and so does an erasure, until it is lifted", async () => {
    const refused = await post("/analytics/persons/carl/erase", undefined)
    assert.strictEqual(refused.status, 409, JSON.stringify(refused.body))
    const id = String(hold.body["id"])
    assert.deepInclude(errorOf(refused), { code: "legal_hold", detail: `legal_holds/${id}` })
    const request = ok(await post("/platform/privacy/requests", { kind: "erase", person: "laptop" }), 201)
    const at = `/platform/privacy/requests/${String(request["id"])}`
    const vouched = { method: "operator", evidence: "card" }
    const waiting = ok(await post(`${at}/verification`, vouched))
    assert.strictEqual(waiting["status"], "in_progress")
    const step = (waiting["steps"] as ReadonlyArray<Readonly<Record<string, unknown>>>)[0]!
    assert.strictEqual(step["status"], "failed")
    assert.match(String(step["error"]), /legal hold/)
    assert.strictEqual((await ask(server, "DELETE", `${holds}/${id}`, { token })).status, 204)
    assert.strictEqual(ok(await post(`${at}/retry`, undefined))["status"], "completed")
    assert.strictEqual((await get("/analytics/persons/carl")).status, 404)
    await until(firstComers, 2)
  })

  it("refuse a hold that holds everything, nothing or nobody", async () => {
    for (const [more, pointer, code] of [
      [{}, "", "holds_everything"],
      [{ from: 2, to: 2 }, "/to", "reversed_range"],
      [{ person: "null" }, "/person", "reserved_id"]
    ] as const) {
      const answer = await post(holds, { name: "Bad", reason: "none", ...more })
      assert.strictEqual(answer.status, 400, JSON.stringify(answer.body))
      assert.deepInclude(errorOf(answer), { pointer, code })
    }
  })
})
