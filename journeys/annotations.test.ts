import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
const noon = Date.parse("2026-11-20T12:00:00Z")
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder, { subject: "anna" })
  const event = eventOf({ timestamp: new Date(noon).toISOString() })
  await ask(server, "POST", "/analytics/events/ingest", { token, body: event })
  await countEvents(server, token, 1)
})
afterAll(() => server.kill("SIGTERM"))

const send = (
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
  as = token
) => ask(server, method, path, { token: as, headers, ...(body === undefined ? {} : { body }) })
const problemOf = ({ body }: Answer) => (body["errors"] as ReadonlyArray<object>)[0]!
const texts = ({ body }: Answer) => (body["items"] as ReadonlyArray<{ readonly text: string }>).map(({ text }) => text)
const note = async (more: object): Promise<Answer> => {
  const made = await send("POST", "/analytics/annotations", { at: noon, ...more })
  assert.strictEqual(made.status, 201, JSON.stringify(made.body))
  return made
}
const list = "/analytics/annotations"
const trends = "/analytics/trends?from=2026-11-18&to=2026-11-22&interval=day&metrics=events"

describe("an annotation", () => {
  it("is listed where it touches the range, by pages, newest first", async () => {
    const day = 86_400_000
    await note({ text: "Prices", at: noon })
    await note({ text: "Campaign", at: noon - 30 * day, until: noon - day })
    await note({ text: "Long ago", at: noon - 60 * day })
    assert.deepStrictEqual(texts(await send("GET", `${list}?from=2026-11-19&to=2026-11-19`)), ["Campaign"])
    assert.deepStrictEqual(texts(await send("GET", `${list}?from=2026-11-20T12:00:00Z`)), ["Prices"])
    assert.deepStrictEqual(texts(await send("GET", `${list}?to=2026-11-20T12:00:00Z`)), ["Campaign", "Long ago"])
    const first = await send("GET", `${list}?limit=2`)
    assert.deepStrictEqual(texts(first), ["Prices", "Campaign"])
    const second = await send("GET", `${list}?limit=2&cursor=${String(first.body["next"])}`)
    assert.deepStrictEqual([texts(second), second.body["next"]], [["Long ago"], null])
  })

  it("stands beside a trend and in its picture where it is asked for", async () => {
    const plain = await send("GET", trends)
    assert.notProperty(plain.body, "annotations")
    const { body } = await send("GET", `${trends}&annotations=true`)
    const shown = body["annotations"] as ReadonlyArray<Readonly<Record<string, unknown>>>
    assert.deepStrictEqual(
      shown.map(({ at, text, until }) => [text, at, until]),
      [
        ["Campaign", "2026-10-21T12:00:00+00:00", "2026-11-19T12:00:00+00:00"],
        ["Prices", "2026-11-20T12:00:00+00:00", null]
      ]
    )
    const { annotations: _, ...rest } = body
    assert.deepStrictEqual(rest, plain.body)
    const picture = async (path: string) =>
      (
        await fetch(server.url + path, { headers: { authorization: `Bearer ${token}`, accept: "image/svg+xml" } })
      ).text()
    assert.include(await picture(`${trends}&annotations=true`), "Prices")
    assert.notInclude(await picture(trends), "Prices")
  })

  it("belongs to an insight where it says so, and is drawn nowhere else", async () => {
    const question = {
      kind: "trend",
      date_range: { from: "2026-11-18", to: "2026-11-22" },
      interval: "day",
      metrics: ["events"]
    }
    const insight = (await send("POST", "/analytics/insights", { name: "Days", question })).headers.get("location")!
    const id = insight.split("/").at(-1)!
    await note({ text: "Only here", insight: id })
    const named = (annotations: unknown) => (annotations as ReadonlyArray<{ text: string }>).map(({ text }) => text)
    const answered = await send("GET", `${insight}/answer?annotations=true`)
    const { result } = answered.body["answer"] as { readonly result: Readonly<Record<string, unknown>> }
    assert.include(named(result["annotations"]), "Only here")
    assert.notInclude(named((await send("GET", `${trends}&annotations=true`)).body["annotations"]), "Only here")
    assert.deepStrictEqual(texts(await send("GET", `${list}?insight=${id}`)), ["Only here"])
    const tiles = [{ insight: id }]
    const dashboard = (await send("POST", "/analytics/dashboards", { name: "One", tiles })).headers.get("location")!
    await note({ text: "On the dashboard", dashboard: dashboard.split("/").at(-1) })
    const notesOn = async (query: string) => {
      const { body } = await send("GET", `${dashboard}/answers${query}`)
      const [tile] = body["tiles"] as ReadonlyArray<{ readonly answer: { readonly result: Record<string, unknown> } }>
      return tile!.answer.result["annotations"]
    }
    assert.includeMembers([...named(await notesOn("?annotations=true"))], ["On the dashboard", "Only here"])
    assert.isUndefined(await notesOn(""))
    const again = (await send("GET", `${insight}/answer?annotations=true`)).body["answer"]
    assert.notInclude(JSON.stringify(again), "On the dashboard")
    const unknown = await send("POST", list, { text: "x", at: noon, insight: "none" })
    assert.strictEqual(unknown.status, 422)
    assert.deepInclude(problemOf(unknown), { pointer: "/insight", code: "unknown_insight" })
  })

  it("that is personal is there for its author alone", async () => {
    const other = tokenFor(server.folder, { subject: "bob" })
    const made = await note({ text: "Mine", visibility: "personal" })
    const path = made.headers.get("location")!
    const again = tokenFor(server.folder, { subject: "anna" })
    assert.include(texts(await send("GET", list, undefined, {}, again)), "Mine")
    assert.notInclude(texts(await send("GET", list, undefined, {}, other)), "Mine")
    for (const [method, body] of [["GET"], ["PUT", { text: "His", at: noon }], ["DELETE"]] as const) {
      assert.strictEqual((await send(method, path, body, { "if-match": "*" }, other)).status, 404, method)
    }
    const changed = await send("PUT", path, { text: "Ours", at: noon }, { "if-match": '"1"' })
    assert.deepInclude(changed.body, { text: "Ours", author: "anna", about: null })
    assert.include(texts(await send("GET", list, undefined, {}, other)), "Ours")
    const taken = await send("PUT", path, { text: "His", at: noon, visibility: "personal" }, { "if-match": "*" }, other)
    assert.deepInclude(problemOf(taken), { pointer: "/visibility", code: "not_the_author" })
    assert.strictEqual((await send("DELETE", path)).status, 204)
  })

  it("is made by the service when settings change, which numbers may follow", async () => {
    const as = tokenFor(server.folder, { workspace: "changed" })
    const { body } = await send("GET", "/platform/settings", undefined, {}, as)
    const settings = { ...body, time_zone: "Europe/Berlin", currency: "EUR" }
    assert.strictEqual((await send("PUT", "/platform/settings", settings, { "if-match": '"0"' }, as)).status, 200)
    assert.strictEqual((await send("PUT", "/platform/settings", settings, { "if-match": '"1"' }, as)).status, 200)
    const notes = (await send("GET", list, undefined, {}, as)).body["items"] as ReadonlyArray<object>
    assert.lengthOf(notes, 1)
    assert.deepInclude(notes[0], { text: "Settings changed: currency, time_zone", about: "settings/changed" })
  })

  it("is made by the service when a flag changes", async () => {
    const as = tokenFor(server.folder, { workspace: "flagged" })
    const path = "/experiments/feature-flags"
    assert.strictEqual((await send("POST", path, { key: "dark-mode", type: "boolean" }, {}, as)).status, 201)
    const changed = { key: "dark-mode", type: "boolean", description: "At night" }
    assert.strictEqual((await send("PUT", `${path}/dark-mode`, changed, { "if-match": '"1"' }, as)).status, 200)
    assert.strictEqual((await send("DELETE", `${path}/dark-mode`, undefined, {}, as)).status, 204)
    assert.deepStrictEqual(texts(await send("GET", list, undefined, {}, as)).toSorted(), [
      "Flag dark-mode changed",
      "Flag dark-mode deleted",
      "Flag dark-mode made"
    ])
  })

  it("is refused where it is not one, with the place", async () => {
    for (const [pointer, wrong] of [
      ["/text", { text: "" }],
      ["/at", { at: -1 }],
      ["/until", { until: noon - 1 }],
      ["/until", { until: noon + 400 * 86_400_000 }],
      ["/visibility", { visibility: "public" }]
    ] as const) {
      const refused = await send("POST", list, { text: "x", at: noon, ...wrong })
      assert.strictEqual(refused.status, 400, JSON.stringify(wrong))
      assert.deepInclude(problemOf(refused), { pointer })
    }
    assert.deepInclude(problemOf(await send("GET", `${list}?from=yesterday`)), { pointer: "/from" })
    assert.deepInclude(problemOf(await send("GET", `${trends}&annotations=maybe`)), { pointer: "/annotations" })
  })
})
