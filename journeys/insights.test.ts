import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { asking } from "./asking.ts"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  const events = ["a", "a", "b"].map((anonymous_id) => eventOf({ anonymous_id, session_id: anonymous_id }))
  await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
  await countEvents(server, token, events.length)
})
afterAll(() => server.kill("SIGTERM"))

const last = { last: 2, unit: "day" }
const steps = [{ event_types: ["page_view"] }, { event_types: ["order_completed"] }]
const questions: Readonly<Record<string, object>> = {
  trend: { metrics: ["people"] },
  funnel: { steps },
  retention: { periods: 1 },
  sessions: {},
  attribution: {},
  ltv: { predict: false },
  paths: {},
  stickiness: {},
  lifecycle: {}
}

const { send } = asking(() => ({ server, token }))
const keep = async (name: string, question: object): Promise<string> => {
  const made = await send("POST", "/analytics/insights", { name, question })
  assert.strictEqual(made.status, 201, JSON.stringify(made.body))
  return made.headers.get("location")!
}
const answerOf = ({ body }: Answer) =>
  body["answer"] as { readonly kind: string; readonly result: Readonly<Record<string, unknown>> }
const problemOf = ({ body }: Answer) => (body["errors"] as ReadonlyArray<object>)[0]!

describe("an insight", () => {
  it("keeps a question of any kind, and answers it for the days that its range means now", async () => {
    for (const [kind, rest] of Object.entries(questions)) {
      const path = await keep(`An insight of ${kind}`, { kind, date_range: last, ...rest })
      const answered = await send("GET", `${path}/answer`)
      assert.strictEqual(answered.status, 200, `${kind}: ${JSON.stringify(answered.body)}`)
      assert.strictEqual(answerOf(answered).kind, kind)
      assert.strictEqual(answered.body["name"], `An insight of ${kind}`)
      if (kind === "trend") assert.deepStrictEqual(answerOf(answered).result["totals"], { people: 2 })
      const picture = await fetch(`${server.url}${path}/answer?width=500`, {
        headers: { authorization: `Bearer ${token}`, accept: "image/svg+xml" }
      })
      assert.match(await picture.text(), new RegExp(`^<svg [^>]*width="500"[\\s\\S]*An insight of ${kind}`), kind)
    }
  })

  it("refuses what could not be asked, with the place in the question", async () => {
    const wrong = { kind: "trend", date_range: last, metrics: ["poeple"] }
    const refused = await send("POST", "/analytics/insights", { name: "Wrong", question: wrong })
    assert.strictEqual(refused.status, 400)
    assert.deepInclude(problemOf(refused), { pointer: "/question/metrics/0", code: "unknown_metric" })
    for (const date_range of [{ last: 0, unit: "day" }, { last: 1, unit: "hour" }, {}]) {
      const answered = await send("POST", "/analytics/insights", {
        name: "Wrong",
        question: { kind: "stickiness", date_range }
      })
      assert.strictEqual(answered.status, 400, JSON.stringify(date_range))
    }
  })

  it("counts as a user of the cohort that it names", async () => {
    const cohort = await send("POST", "/analytics/cohorts", { name: "Testers", membership: { kind: "static" } })
    const id = String(cohort.body["id"])
    const filters = { cohort: id, operator: "is_member" }
    const path = await keep("Testers' days", { kind: "stickiness", date_range: last, filters })
    const refused = await send("DELETE", `/analytics/cohorts/${id}`)
    assert.strictEqual(refused.status, 409, JSON.stringify(refused.body))
    assert.deepInclude(problemOf(refused), {
      code: "in_use",
      detail: `${path.replace("/analytics/", "")} (Testers' days)`
    })
    assert.strictEqual((await send("DELETE", path)).status, 204)
    assert.strictEqual((await send("DELETE", `/analytics/cohorts/${id}`)).status, 204)
  })
})

describe("a dashboard", () => {
  it("answers its tiles in order, and keeps their insights from being deleted", async () => {
    const insight = async (name: string, question: object) => (await keep(name, question)).split("/").at(-1)!
    const first = await insight("Tile of days", { kind: "stickiness", date_range: last })
    const second = await insight("Tile of people", { kind: "trend", date_range: last, metrics: ["people"] })
    const position = { column: 0, row: 0, width: 6, height: 4 }
    const tiles = [{ insight: second, title: "Who came", position }, { insight: first }]
    const made = await send("POST", "/analytics/dashboards", { name: "Two tiles", tiles })
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    const path = made.headers.get("location")!
    const { body, status } = await send("GET", `${path}/answers`)
    assert.strictEqual(status, 200, JSON.stringify(body))
    const shown = body["tiles"] as ReadonlyArray<Readonly<Record<string, unknown>>>
    assert.deepStrictEqual(
      shown.map((tile) => [tile["insight"], tile["title"], tile["outcome"]]),
      [
        [second, "Who came", "answered"],
        [first, "Tile of days", "answered"]
      ]
    )
    assert.isString(body["watermark"])
    const refused = await send("DELETE", `/analytics/insights/${first}`)
    assert.strictEqual(refused.status, 409)
    assert.deepInclude(problemOf(refused), { code: "in_use" })
    const changed = { name: "Two tiles", tiles: tiles.slice(0, 1) }
    assert.strictEqual((await send("PUT", path, changed, { "if-match": '"1"' })).status, 200)
    assert.strictEqual((await send("DELETE", `/analytics/insights/${first}`)).status, 204)
    assert.strictEqual((await send("DELETE", path)).status, 204)
  })

  it("says of a tile that fails why, answers the others, and the log has the cause", async () => {
    const filters = { dimension: "property:nickname", operator: "contains", value: "a" }
    const first = await keep("Nicknames", { kind: "trend", date_range: last, metrics: ["events"], filters })
    const second = await keep("All days", { kind: "stickiness", date_range: last })
    const tiles = [first, second].map((path) => ({ insight: path.split("/").at(-1)! }))
    const path = (await send("POST", "/analytics/dashboards", { name: "Half", tiles })).headers.get("location")!
    const settings = await send("GET", "/platform/settings")
    const ingest = { ...(settings.body["ingest"] as object), personal_fields: ["nickname"] }
    const changed = { ...settings.body, ingest }
    const revision = settings.headers.get("etag")!
    assert.strictEqual((await send("PUT", "/platform/settings", changed, { "if-match": revision })).status, 200)
    const { body, status } = await send("GET", `${path}/answers`)
    assert.strictEqual(status, 200)
    const shown = body["tiles"] as ReadonlyArray<Readonly<Record<string, unknown>>>
    assert.deepStrictEqual(
      shown.map(({ outcome }) => outcome),
      ["failed", "answered"]
    )
    assert.match(String(shown[0]!["detail"]), /encrypted/)
    const line = server
      .output()
      .split("\n")
      .find((each) => each.includes("tiles of a dashboard cannot be answered"))
    assert.include(line, path.split("/").at(-1)!)
    assert.include(line, '"level":"info"')
    assert.match(line!, /InvalidQuestion/)
    await send("PUT", "/platform/settings", settings.body, { "if-match": "*" })
    assert.strictEqual((await send("DELETE", path)).status, 204)
  })

  it("refuses tiles of insights that are not there", async () => {
    const refused = await send("POST", "/analytics/dashboards", { name: "None", tiles: [{ insight: "none" }] })
    assert.strictEqual(refused.status, 422)
    assert.deepInclude(problemOf(refused), { pointer: "/tiles/0/insight", code: "unknown_insight" })
  })
})

describe("the revisions of a definition", () => {
  const question = (metrics: ReadonlyArray<string>) => ({ kind: "trend", date_range: last, metrics })
  const revisionsOf = async (path: string, query = "") =>
    (await send("GET", `${path}/revisions${query}`)).body["items"] as ReadonlyArray<Readonly<Record<string, unknown>>>

  it("are listed, read and restored, by pages, and gone with it", async () => {
    const path = await keep("Changing", question(["events"]))
    for (const [at, metric] of ["people", "sessions"].entries()) {
      const body = { name: "Changing", question: question([metric]) }
      const changed = await send("PUT", path, body, { "if-match": `"${at + 1}"` })
      assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
    }
    const listed = await revisionsOf(path)
    assert.deepStrictEqual(
      listed.map(({ definition, revision }) => [revision, definition]),
      [3, 2, 1].map((revision) => [
        revision,
        { name: "Changing", question: question([["events"], ["people"], ["sessions"]][revision - 1]!) }
      ])
    )
    const first = await send("GET", `${path}/revisions?limit=2`)
    const second = await revisionsOf(path, `?cursor=${String(first.body["next"])}`)
    assert.deepStrictEqual(second, listed.slice(2))
    assert.deepStrictEqual((await send("GET", `${path}/revisions/1`)).body, listed[2])
    const restored = await send("POST", `${path}/revisions/1/restore`)
    assert.strictEqual(restored.status, 200, JSON.stringify(restored.body))
    assert.strictEqual(restored.headers.get("etag"), '"4"')
    assert.deepStrictEqual(restored.body["question"], question(["events"]))
    assert.strictEqual((await revisionsOf(path)).length, 4)
    for (const wrong of ["9", "0", "x", "1.5"]) {
      const answered = await send("GET", `${path}/revisions/${wrong}`)
      assert.strictEqual(answered.status, wrong === "9" ? 404 : 400, wrong)
    }
    assert.strictEqual((await send("DELETE", path)).status, 204)
    for (const gone of ["revisions", "revisions/1"]) {
      assert.strictEqual((await send("GET", `${path}/${gone}`)).status, 404)
    }
    assert.strictEqual((await send("POST", `${path}/revisions/1/restore`)).status, 404)
  })

  it("come back only where what they name is still there", async () => {
    const tile = await keep("Passing", question(["events"]))
    const id = tile.split("/").at(-1)!
    const made = await send("POST", "/analytics/dashboards", { name: "Once two", tiles: [{ insight: id }] })
    const path = made.headers.get("location")!
    const emptied = await send("PUT", path, { name: "Now none", tiles: [] }, { "if-match": '"1"' })
    assert.strictEqual(emptied.status, 200)
    assert.deepStrictEqual(
      (await revisionsOf(path)).map(({ revision }) => revision),
      [2, 1]
    )
    const back = await send("POST", `${path}/revisions/1/restore`)
    assert.strictEqual(back.body["name"], "Once two", JSON.stringify(back.body))
    await send("PUT", path, { name: "Now none", tiles: [] }, { "if-match": '"3"' })
    assert.strictEqual((await send("DELETE", tile)).status, 204)
    const refused = await send("POST", `${path}/revisions/1/restore`)
    assert.strictEqual(refused.status, 422)
    assert.deepInclude(problemOf(refused), { pointer: "/tiles/0/insight", code: "unknown_insight" })
    assert.strictEqual((await send("DELETE", path)).status, 204)
  })

  it("are kept for the newest 50", async () => {
    const path = await keep("Often", question(["events"]))
    for (let revision = 1; revision <= 52; revision += 1) {
      const body = { name: "Often", question: question([revision % 2 === 0 ? "events" : "people"]) }
      await send("PUT", path, body, { "if-match": `"${revision}"` })
    }
    const all = await revisionsOf(path, "?limit=100")
    assert.deepStrictEqual([all.length, all[0]!["revision"], all.at(-1)!["revision"]], [50, 53, 4])
    assert.strictEqual((await send("GET", `${path}/revisions/3`)).status, 404)
    assert.strictEqual((await send("DELETE", path)).status, 204)
  })
})

describe("a share link", () => {
  const follow = (path: string, headers: Readonly<Record<string, string>> = {}) => fetch(server.url + path, { headers })

  it("shows an answer to whoever has it, as JSON or as a picture, until it is revoked", async () => {
    const insight = await keep("Days <shared>", { kind: "stickiness", date_range: last })
    const made = await send("POST", "/analytics/shares", { insight: insight.split("/").at(-1) })
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    const path = String(made.body["path"])
    assert.match(path, /^\/s\/[\w-]{32}$/)

    const json = await follow(path)
    assert.strictEqual(json.status, 200)
    const shared = (await json.json()) as Readonly<Record<string, unknown>>
    assert.deepStrictEqual(Object.keys(shared).toSorted(), ["answer", "name"])
    for (const [at, headers] of [
      [`${path}.svg`, {}],
      [path, { accept: "image/avif,image/svg+xml,image/*,*/*;q=0.8" }]
    ] as const) {
      const picture = await follow(at, headers)
      assert.strictEqual(picture.status, 200)
      assert.match(picture.headers.get("content-type")!, /^image\/svg\+xml/)
      assert.strictEqual(picture.headers.get("cache-control"), "public, no-cache")
      assert.match(picture.headers.get("ratelimit-policy")!, /^"anonymous"/)
      assert.include(await picture.text(), "Days &lt;shared&gt;")
      const known = { ...headers, "if-none-match": picture.headers.get("etag")! }
      assert.strictEqual((await follow(at, known)).status, 304)
    }
    assert.strictEqual((await follow(path, { accept: "text/plain" })).status, 406)
    assert.strictEqual((await follow(`${path}.svg?width=1`)).status, 400)
    assert.strictEqual((await follow(`${path}?strange=1`)).status, 400)

    const inUse = await send("DELETE", insight)
    assert.strictEqual(inUse.status, 409, JSON.stringify(inUse.body))
    const link = made.headers.get("location")!
    assert.deepStrictEqual((await send("GET", link)).body, made.body)
    assert.strictEqual((await send("DELETE", link)).status, 204)
    for (const at of [path, `${path}.svg`, `/s/${"A".repeat(32)}`]) {
      const gone = await follow(at)
      assert.strictEqual(gone.status, 404, at)
      assert.strictEqual(gone.headers.get("content-type"), "application/problem+json")
    }
    assert.strictEqual((await send("DELETE", insight)).status, 204)
  })

  it("is refused for single people, for what is not there, and for a time that is over", async () => {
    const people = await keep("By device", {
      kind: "trend",
      date_range: last,
      metrics: ["events"],
      dimensions: ["anonymous_id"]
    })
    const refused = await send("POST", "/analytics/shares", { insight: people.split("/").at(-1) })
    assert.strictEqual(refused.status, 409)
    assert.deepInclude(problemOf(refused), { pointer: "/insight", code: "not_aggregated" })
    const cohortOf = async (name: string, membership: object) =>
      String((await send("POST", "/analytics/cohorts", { name, membership })).body["id"])
    const listed = await cohortOf("A list", { kind: "static" })
    const rule = { or: [{ cohort: listed, operator: "is_member" }] }
    const behind = await cohortOf("Who is on the list", { kind: "live", rule })
    const active = await cohortOf("Active", { kind: "live", rule: { did: { event_types: ["page_view"] } } })
    const person = { dimension: "user_id", operator: "is", value: "ada" }
    const of = (filters: object) => ({ kind: "trend", date_range: last, metrics: ["events"], filters })
    const picking: ReadonlyArray<readonly [object, string]> = [
      [of(person), "/filters"],
      [of({ or: [{ not: { and: [person] } }] }), "/filters/or/0/not/and/0"],
      [of({ dimension: "property:order_id", operator: "one_of", value: ["1"] }), "/filters"],
      [of({ dimension: "trait:email", operator: "is", value: "ada@example.org" }), "/filters"],
      [of({ cohort: listed, operator: "is_not_member" }), "/filters/cohort"],
      [of({ and: [{ cohort: behind, operator: "is_member" }] }), "/filters/and/0/cohort"],
      [{ kind: "funnel", date_range: last, steps: [steps[0], { ...steps[1], filters: person }] }, "/steps/1/filters"]
    ]
    for (const [index, [question, at]] of picking.entries()) {
      const insight = (await keep(`Picks ${index}`, question)).split("/").at(-1)
      const answer = await send("POST", "/analytics/shares", { insight })
      assert.strictEqual(answer.status, 409, JSON.stringify(question))
      const detail = `the question's ${at} shows or picks single people`
      assert.deepInclude(problemOf(answer), { pointer: "/insight", code: "not_aggregated", detail })
    }
    const known = {
      and: [
        { dimension: "user_id", operator: "is_set" },
        { cohort: active, operator: "is_member" }
      ]
    }
    const aggregate = (await keep("Known and active", of(known))).split("/").at(-1)
    assert.strictEqual((await send("POST", "/analytics/shares", { insight: aggregate })).status, 201)
    assert.strictEqual((await send("POST", "/analytics/shares", { insight: "none" })).status, 404)
    const good = await keep("By day", { kind: "stickiness", date_range: last })
    const over = await send("POST", "/analytics/shares", { insight: good.split("/").at(-1), expires_at: 1 })
    assert.strictEqual(over.status, 422, JSON.stringify(over.body))
  })

  it("leads to a dashboard too, whose tiles are aggregates alone", async () => {
    const insight = await keep("Days of all", { kind: "stickiness", date_range: last })
    const id = insight.split("/").at(-1)!
    const position = { column: 3, row: 0, width: 6, height: 4 }
    const tiles = [{ insight: id, title: "Days <all>", position }, { insight: id }]
    const dashboard = await send("POST", "/analytics/dashboards", { name: "For all", tiles })
    const path = dashboard.headers.get("location")!
    const made = await send("POST", "/analytics/shares", { dashboard: path.split("/").at(-1) })
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    const link = String(made.body["path"])
    const shown = (await (await follow(link)).json()) as {
      readonly name: string
      readonly tiles: ReadonlyArray<Readonly<Record<string, unknown>>>
    }
    assert.strictEqual(shown.name, "For all")
    assert.deepStrictEqual(
      shown.tiles.map(({ answer, ...told }) => [told, answer !== undefined]),
      [
        [{ title: "Days <all>", outcome: "answered", position }, true],
        [{ title: "Days of all", outcome: "answered" }, true]
      ]
    )
    assert.strictEqual((await follow(`${link}.svg`)).status, 406)
    const inUse = await send("DELETE", path)
    assert.strictEqual(inUse.status, 409)
    assert.deepInclude(problemOf(inUse), { code: "in_use" })

    const people = { kind: "trend", date_range: last, metrics: ["events"], dimensions: ["user_id"] }
    const changed = await send("PUT", insight, { name: "Days of all", question: people }, { "if-match": '"1"' })
    assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
    const hidden = (await (await follow(link)).json()) as typeof shown
    for (const tile of hidden.tiles) assert.strictEqual(tile["outcome"], "failed", JSON.stringify(tile))
    const refused = await send("POST", "/analytics/shares", { dashboard: path.split("/").at(-1) })
    assert.strictEqual(refused.status, 409)
    assert.deepInclude(problemOf(refused), { pointer: "/dashboard", code: "not_aggregated" })
    assert.strictEqual((await send("POST", "/analytics/shares", { dashboard: "none" })).status, 404)
    for (const body of [{}, { insight: id, dashboard: "x" }]) {
      assert.strictEqual((await send("POST", "/analytics/shares", body)).status, 400, JSON.stringify(body))
    }
    assert.strictEqual((await send("DELETE", made.headers.get("location")!)).status, 204)
    assert.strictEqual((await follow(link)).status, 404)
    assert.strictEqual((await send("DELETE", path)).status, 204)
  })
})
