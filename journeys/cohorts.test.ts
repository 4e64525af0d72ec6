import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string

const day = (number: number) => `2026-03-${String(number).padStart(2, "0")}`
const history = [
  ["ada", "user_signed_up", 1],
  ["ada", "order_completed", 2],
  ["ada", "order_completed", 9],
  ["bob", "user_signed_up", 1],
  ["bob", "order_completed", 8],
  ["eve@shop.example", "user_signed_up", 3]
] as const
const range = { from: day(1), to: day(31) }

const post = (path: string, body: unknown, as = token) => ask(server, "POST", path, { token: as, body })
const get = (path: string, as = token) => ask(server, "GET", path, { token: as })
const make = async (name: string, rule: unknown): Promise<string> => {
  const made = await post("/analytics/cohorts", { name, membership: { kind: "live", rule } })
  assert.strictEqual(made.status, 201, JSON.stringify(made.body))
  return String(made.body["id"])
}
const sizeOf = async (id: string, query = "") => (await get(`/analytics/cohorts/${id}/size${query}`)).body["people"]
const membersOf = async (id: string): Promise<ReadonlyArray<unknown>> => {
  const ids: Array<unknown> = []
  for (let cursor: unknown = undefined; cursor !== null;) {
    const next = cursor === undefined ? "" : `&cursor=${String(cursor)}`
    const { body } = await get(`/analytics/cohorts/${id}/members?limit=1${next}`)
    ids.push(...(body["items"] as ReadonlyArray<{ person_id: string }>).map(({ person_id }) => person_id))
    cursor = body["next"]
  }
  return ids.toSorted()
}
const errorsOf = ({ body }: Answer) =>
  (body["errors"] as ReadonlyArray<{ pointer: string; code: string }>).map(({ code, pointer }) => [pointer, code])
const total = ({ body }: Answer) => (body["totals"] as { people: number }).people

const buyers = { did: { event_types: ["order_completed"] } }

beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  const events = history.map(([user_id, event_type, at]) =>
    eventOf({ user_id, anonymous_id: `phone of ${user_id}`, event_type, timestamp: `${day(at)}T12:00:00Z` })
  )
  await post("/analytics/events/batch", { events })
  await countEvents(server, token, events.length)
})
afterAll(() => server.kill("SIGTERM"))

describe("a static cohort", () => {
  it("lists whom it is given, e-mail addresses as pseudonyms, once each and for whom has come", async () => {
    const made = await post("/analytics/cohorts", { name: "Testers", membership: { kind: "static" } })
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    const id = String(made.body["id"])
    const members = `/analytics/cohorts/${id}/members`
    const people = ["ada", "eve@shop.example", "phone of bob", "nobody yet", "ada"]
    const added = await post(members, { people })
    assert.deepStrictEqual(added.body, { changed: 4, listed: 4 })
    assert.deepStrictEqual((await post(members, { people: ["ada"] })).body, { changed: 0, listed: 4 })
    assert.strictEqual(await sizeOf(id), 3)
    const shown = await membersOf(id)
    assert.includeMembers([...shown], ["ada", "bob"])
    assert.notInclude(JSON.stringify(shown), "@")

    const removed = await ask(server, "DELETE", members, { token, body: { people: ["eve@shop.example", "stranger"] } })
    assert.deepStrictEqual(removed.body, { changed: 1, listed: 3 }, JSON.stringify(removed.body))
    assert.deepStrictEqual(await membersOf(id), ["ada", "bob"])
    assert.strictEqual((await get(`/analytics/cohorts/${id}`)).headers.get("etag"), '"3"')

    const tooMany = await post(members, { people: Array.from({ length: 1001 }, (_, at) => `p${at}`) })
    assert.strictEqual(tooMany.status, 400)
    assert.deepStrictEqual(errorsOf(await post(members, { people: ["null"] })), [["/people/0", "reserved_id"]])
    const cursor = String((await get(`${members}?limit=1`)).body["next"])
    const other = await make("Everybody", { did: {} })
    const foreign = await get(`/analytics/cohorts/${other}/members?limit=1&cursor=${cursor}`)
    assert.deepStrictEqual(errorsOf(foreign), [["/cursor", "invalid_cursor"]])
    assert.deepStrictEqual(errorsOf(await post(`/analytics/cohorts/${other}/members`, { people: ["ada"] })), [
      ["", "not_static"]
    ])
    assert.strictEqual((await ask(server, "DELETE", `/analytics/cohorts/${id}`, { token })).status, 204)
    assert.strictEqual((await get(members)).status, 404)
  })
})

describe("the people behind a number", () => {
  const steps = [{ event_types: ["user_signed_up"] }, { event_types: ["order_completed"] }]
  const of = { funnel: { date_range: range, steps }, step: 2 }

  it("are listed by pages, as many as it says, and kept as a cohort once per key", async () => {
    const funnel = await post("/analytics/funnels/query", of.funnel)
    const shown = (funnel.body["steps"] as ReadonlyArray<{ people: number }>)[1]!.people
    const first = await post("/analytics/people/query", { of, limit: 1 })
    assert.strictEqual(first.status, 200, JSON.stringify(first.body))
    assert.strictEqual(first.body["people"], shown)
    assert.strictEqual(first.body["watermark"], funnel.body["watermark"])
    const second = await post("/analytics/people/query", { of, limit: 1, cursor: first.body["next"] })
    assert.isNull(second.body["next"])
    const ids = [first, second].flatMap(({ body }) =>
      (body["items"] as ReadonlyArray<{ person_id: string }>).map(({ person_id }) => person_id)
    )
    assert.deepStrictEqual(ids.toSorted(), ["ada", "bob"])
    const other = { of: { ...of, outcome: "dropped" }, cursor: first.body["next"] }
    assert.deepStrictEqual(errorsOf(await post("/analytics/people/query", other)), [["/cursor", "invalid_cursor"]])
    assert.deepStrictEqual(errorsOf(await post("/analytics/people/query", { of: { ...of, step: 3 } })), [
      ["/of/step", "out_of_range"]
    ])

    const keep = () =>
      ask(server, "POST", "/analytics/people/cohorts", {
        token,
        body: { name: "Signed up and bought", of },
        headers: { "idempotency-key": "keep-once" }
      })
    const kept = await keep()
    assert.strictEqual(kept.status, 201, JSON.stringify(kept.body))
    assert.strictEqual(kept.headers.get("location"), `/analytics/cohorts/${String(kept.body["id"])}`)
    assert.deepStrictEqual((await keep()).body, kept.body)
    assert.deepStrictEqual(await membersOf(String(kept.body["id"])), ["ada", "bob"])
  })
})

describe("a live cohort", () => {
  it("has those whom its rule holds for, now and at a past day, and in every question", async () => {
    const id = await make("Buyers", buyers)
    assert.deepStrictEqual(await membersOf(id), ["ada", "bob"])
    assert.strictEqual(await sizeOf(id, `?at=${day(7)}`), 1)
    assert.strictEqual(await sizeOf(id, `?at=${day(8)}T12:00:00Z`), 1)
    assert.strictEqual(await sizeOf(id, `?at=${day(8)}`), 2)
    assert.deepStrictEqual(errorsOf(await get(`/analytics/cohorts/${id}/size?at=soon`)), [["/at", "not_an_instant"]])
    const loyal = await make("Loyal", {
      and: [
        { ...buyers, at_least: 2, between: range },
        { cohort: id, operator: "is_member" }
      ]
    })
    assert.deepStrictEqual(await membersOf(loyal), ["ada"])

    const filters = { cohort: loyal, operator: "is_not_member" }
    const question = { date_range: range, filters }
    const trend = await post("/analytics/query", {
      ...question,
      metrics: ["people"],
      dimensions: [`cohort:${loyal}|${id}`]
    })
    assert.strictEqual(total(trend), 2, JSON.stringify(trend.body))
    assert.deepStrictEqual(
      (trend.body["rows"] as ReadonlyArray<{ values: unknown }>).map(({ values }) => values),
      [[null], [id]]
    )
    const flat = new URLSearchParams({ ...range, metrics: "people", filters: JSON.stringify(filters) }).toString()
    assert.strictEqual(total(await get(`/analytics/trends?${flat}`)), 2)
    const steps = [{ event_types: ["user_signed_up"] }, { event_types: ["order_completed"] }]
    const funnel = await post("/analytics/funnels/query", { ...question, steps, dimension: `cohort:${id}` })
    assert.deepStrictEqual(
      (funnel.body["steps"] as ReadonlyArray<{ people: number }>).map(({ people }) => people),
      [2, 1]
    )
    const sessions = await post("/analytics/sessions/query", { ...question, dimension: `cohort:${id}` })
    assert.strictEqual((sessions.body["totals"] as { people: number }).people, 2, JSON.stringify(sessions.body))
    const stickiness = await post("/analytics/stickiness/query", question)
    assert.strictEqual(stickiness.body["people"], 2)
    for (const path of ["retention", "lifecycle", "paths", "attribution", "ltv"]) {
      const answer = await post(`/analytics/${path}/query`, question)
      assert.strictEqual(answer.status, 200, `${path}: ${JSON.stringify(answer.body)}`)
    }
    const listed = new URLSearchParams({ filters: JSON.stringify({ cohort: loyal, operator: "is_member" }) }).toString()
    assert.deepStrictEqual(
      ((await get(`/analytics/persons?${listed}`)).body["items"] as ReadonlyArray<object>).length,
      1
    )
    assert.strictEqual(((await get(`/analytics/events?${listed}`)).body["items"] as ReadonlyArray<object>).length, 3)

    const path = `/analytics/cohorts/${id}`
    const replace = (rule: unknown, revision: string) =>
      ask(server, "PUT", path, {
        token,
        body: { name: "Buyers", membership: { kind: "live", rule } },
        headers: { "if-match": revision }
      })
    const cyclic = await replace({ or: [buyers, { not: { cohort: loyal, operator: "is_member" } }] }, '"1"')
    assert.deepStrictEqual(errorsOf(cyclic), [["/membership/rule/or/1/not/cohort", "cyclic_cohort"]])
    assert.strictEqual(cyclic.status, 400)
    const changed = await replace({ ...buyers, within: { value: 3000, unit: "day" } }, '"1"')
    assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
    const again = await post("/analytics/query", {
      ...question,
      metrics: ["people"],
      dimensions: [`cohort:${loyal}|${id}`]
    })
    assert.notStrictEqual(again.body["query_hash"], trend.body["query_hash"])
    assert.notStrictEqual(again.body["watermark"], trend.body["watermark"])

    const kept = await post("/analytics/funnels", { name: "Of the loyal", steps, filters })
    assert.strictEqual(kept.status, 201, JSON.stringify(kept.body))
    for (const [used, by] of [
      [id, `cohorts/${loyal} (Loyal)`],
      [loyal, `funnels/${String(kept.body["id"])} (Of the loyal)`]
    ] as const) {
      const refused = await ask(server, "DELETE", `/analytics/cohorts/${used}`, { token })
      assert.strictEqual(refused.status, 409)
      const errors = refused.body["errors"] as ReadonlyArray<{ detail: string }>
      assert.deepStrictEqual(
        errors.map(({ detail }) => detail),
        [by]
      )
    }
  })

  it("of another workspace is none, and one of a circle answers nothing but that", async () => {
    const id = await make("Ours", buyers)
    const foreign = tokenFor(server.folder, { workspace: "other" })
    const body = { date_range: range, metrics: ["people"], filters: { and: [{ cohort: id, operator: "is_member" }] } }
    const unknown = await post("/analytics/query", body, foreign)
    assert.deepStrictEqual(errorsOf(unknown), [["/filters/and/0/cohort", "unknown_cohort"]])
    const made = await post(
      "/analytics/cohorts",
      { name: "Theirs", membership: { kind: "live", rule: { not: { cohort: id, operator: "is_member" } } } },
      foreign
    )
    assert.deepStrictEqual(errorsOf(made), [["/membership/rule/not/cohort", "unknown_cohort"]])
    assert.strictEqual((await get(`/analytics/cohorts/${id}/members`, foreign)).status, 404)
    const nearly = { ...body, dimensions: [`cohort:${id}|${id}x`], filters: { cohort: id, operator: "is_in" } }
    assert.deepStrictEqual(errorsOf(await post("/analytics/query", nearly)), [
      ["/dimensions/0", "unknown_dimension"],
      ["/filters/operator", "unknown_operator"]
    ])
  })

  it("takes what looks like a pattern as it stands", async () => {
    const value = "(a+)+$".repeat(100)
    const filters = { dimension: "path", operator: "contains", value }
    const id = await make("Patterns", { did: { filters } })
    assert.strictEqual(await sizeOf(id), 0)
  })
})
