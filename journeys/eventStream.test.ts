import { createHash, randomUUID } from "node:crypto"
import { get as httpGet } from "node:http"
import type { IncomingMessage } from "node:http"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"
import { batchesOfWideEvents } from "./wideEvents.ts"

type Json = Readonly<Record<string, unknown>>

const folder = freshFolder()
const ever = { from: "2020-01-01", to: "2029-12-31" }
let server: ServerProcess
let token: string

const send = async (events: ReadonlyArray<{ readonly event_id: string }>, as = token) => {
  const answer = await ask(server, "POST", "/analytics/events/batch", { token: as, body: { events } })
  assert.strictEqual(answer.body["stored"], events.length, JSON.stringify(answer.body).slice(0, 500))
}

/** Once the workspace has so many events that are asked about. */
const awaitEvents = async (count: number, as = token) => assert.strictEqual(await countEvents(server, as, count), count)

const pathOf = (query: Record<string, string>) =>
  `/analytics/events/export?${new URLSearchParams({ ...ever, ...query }).toString()}`

/** The whole answer at once. */
const readAll = async (query: Record<string, string> = {}, as = token) => {
  const answer = await fetch(server.url + pathOf(query), { headers: { authorization: `Bearer ${as}` } })
  const text = Buffer.from(await answer.arrayBuffer()).toString("utf8")
  return { status: answer.status, headers: answer.headers, text }
}

/** The answer as it comes, to be read at one's own speed. */
const open = (query: Record<string, string> = {}, as = token): Promise<IncomingMessage> =>
  new Promise((done, failed) => {
    httpGet(server.url + pathOf(query), { headers: { authorization: `Bearer ${as}` } }, done).on("error", failed)
  })

const restOf = async (answer: IncomingMessage): Promise<string> => {
  const pieces: Array<Buffer> = []
  for await (const piece of answer) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString("utf8")
}

const linesOf = (text: string): ReadonlyArray<Json> =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Json)

const eventsOf = (text: string): ReadonlyArray<Json> => linesOf(text).filter((line) => !("end" in line))

/** The file of an export that asks for the same. */
const fileOf = async (body: object): Promise<string> => {
  const made = await ask(server, "POST", "/analytics/exports", { token, body: { date_range: ever, ...body } })
  const path = made.headers.get("location")!
  for (;;) {
    const found = await ask(server, "GET", path, { token })
    assert.notStrictEqual(found.body["status"], "failed", JSON.stringify(found.body))
    if (found.body["status"] === "finished") break
    await new Promise((done) => setTimeout(done, 100))
  }
  const file = await fetch(`${server.url}${path}/file`, { headers: { authorization: `Bearer ${token}` } })
  return Buffer.from(await file.arrayBuffer()).toString("utf8")
}

beforeAll(async () => {
  server = await startServer(folder)
  token = tokenFor(folder)
  await send([
    eventOf({ anonymous_id: "phone", timestamp: "2026-11-01T10:00:00.250Z" }),
    eventOf({
      anonymous_id: "phone",
      event_type: "user_identified",
      user_id: "ada",
      timestamp: "2026-11-02T10:00:00Z",
      properties: { traits: { email: "ada@example.com", plan: "gold" } }
    }),
    eventOf({
      anonymous_id: "laptop",
      event_type: "order_completed",
      user_id: "=ben",
      timestamp: "2026-11-03T10:00:00Z",
      properties: {
        order_id: "1",
        total: "49.90",
        currency: "EUR",
        note: '=1+1 "ü" \\ / \u2028 😀',
        size: 1.5e300,
        n: -0.25
      }
    }),
    eventOf({
      anonymous_id: "laptop",
      event_type: "order_refunded",
      user_id: "=ben",
      timestamp: "2026-11-03T11:00:00Z",
      properties: { order_id: "1", refund_id: "r", amount: "9.90", currency: "EUR" },
      context: { page: { url: "https://shop.example/a?utm_source=news&utm_medium=mail", title: 'A "b"\n\tc' } }
    })
  ])
  await send([eventOf({ anonymous_id: "elsewhere" })], tokenFor(folder, { workspace: "other" }))
  await awaitEvents(4)
})
afterAll(() => server.kill("SIGKILL"))

describe("events as they are read", { timeout: 120_000 }, () => {
  it("have the lines of the file of an export, and an end that says they are all", async () => {
    const { headers, status, text } = await readAll()
    assert.strictEqual(status, 200)
    assert.strictEqual(headers.get("content-type"), "application/x-ndjson")
    assert.match(headers.get("watermark")!, /^[\w-]+$/)
    const file = await fileOf({ format: "ndjson" })
    assert.strictEqual(text, `${file}{"end":{"events":4,"complete":true}}\n`)
    assert.notInclude(text, "ada@example.com")
    const csv = await readAll({ format: "csv" })
    assert.strictEqual(csv.headers.get("content-type"), "text/csv; charset=utf-8; header=present")
    assert.strictEqual(csv.text, `${await fileOf({ format: "csv" })}#end,events=4,complete=true\r\n`)
    const asTold = await readAll({ format: "csv", spreadsheet_safe: "false", columns: "user_id,properties" })
    const asWritten = await fileOf({ format: "csv", spreadsheet_safe: false, columns: ["user_id", "properties"] })
    assert.strictEqual(asTold.text, `${asWritten}#end,events=4,complete=true\r\n`)
  })

  it("are those of the range, the types and the filters, by the columns", async () => {
    const { text } = await readAll({
      from: "2026-11-02",
      to: "2026-11-03",
      event_types: "order_completed, user_identified",
      filters: JSON.stringify({ dimension: "property:size", operator: "gte", value: 7 }),
      columns: "user_id,amount_minor,time"
    })
    assert.deepStrictEqual(linesOf(text), [
      { user_id: "=ben", amount_minor: 4990, time: "2026-11-03T10:00:00.000Z" },
      { end: { events: 1, complete: true } }
    ])
    const none = await readAll({ from: "2026-12-24", to: "2026-12-24", format: "csv", columns: "event_id" })
    assert.strictEqual(none.text, "event_id\r\n#end,events=0,complete=true\r\n")
    const empty = tokenFor(folder, { workspace: "nobody-was-here" })
    assert.strictEqual((await readAll({}, empty)).text, '{"end":{"events":0,"complete":true}}\n')
  })

  it("stand in the audit log before they are read, with what was asked for", async () => {
    const filters = { dimension: "user_id", operator: "is", value: "=ben" }
    const query = { from: "2026-11-01", columns: "time,user_id", filters: JSON.stringify(filters) }
    assert.strictEqual((await readAll(query)).status, 200)
    const { items } = (await ask(server, "GET", "/platform/audit?limit=1", { token })).body
    const [record] = items as ReadonlyArray<Json>
    assert.deepStrictEqual([record!["action"], record!["target"]], ["events.exported", "events"])
    assert.deepStrictEqual(record!["after"], {
      format: "ndjson",
      date_range: { from: "2026-11-01", to: ever.to },
      filters,
      columns: ["time", "user_id"]
    })
    assert.strictEqual((await readAll({ ...query, columns: "personal" })).status, 400)
    const after = (await ask(server, "GET", "/platform/audit?limit=1", { token })).body
    assert.deepStrictEqual(after["items"], items)
  })

  it("go on behind any line, at the watermark of the answer that it stood in, whatever has come since", async () => {
    const as = tokenFor(folder, { workspace: "resumed" })
    const days = Array.from({ length: 20 }, (_, day) =>
      eventOf({
        anonymous_id: `d${day % 3}`,
        timestamp: `2026-11-${String(1 + Math.floor(day / 2)).padStart(2, "0")}T00:00:00Z`
      })
    )
    await send(days, as)
    await awaitEvents(20, as)
    const whole = await readAll({}, as)
    const watermark = whole.headers.get("watermark")!
    await send([eventOf({ anonymous_id: "late", timestamp: "2026-11-03T00:00:00Z" })], as)
    await awaitEvents(21, as)
    assert.strictEqual(eventsOf((await readAll({}, as)).text).length, 21)
    assert.strictEqual((await readAll({ watermark }, as)).text, whole.text)
    const lines = whole.text.split("\n").slice(0, 20)
    for (const at of [0, 7, 18, 19]) {
      const after = String((JSON.parse(lines[at]!) as Json)["event_id"])
      const rest = await readAll({ watermark, after: after.toUpperCase() }, as)
      assert.strictEqual(rest.headers.get("watermark"), watermark)
      const expected = [...lines.slice(at + 1), `{"end":{"events":${19 - at},"complete":true}}`, ""].join("\n")
      assert.strictEqual(rest.text, expected)
    }
    await server.kill("SIGKILL")
    server = await startServer(folder)
    assert.strictEqual((await readAll({ watermark }, as)).text, whole.text)
  })

  it("say what is wrong with the request", async () => {
    const watermark = (await readAll()).headers.get("watermark")!
    const id = randomUUID()
    const wrong: ReadonlyArray<readonly [Record<string, string>, string, string]> = [
      [{ format: "parquet" }, "/format", ""],
      [{ from: "2026-11-02", to: "2026-11-01" }, "/to", "reversed_range"],
      [{ from: "soon" }, "/from", "not_a_day"],
      [{ time_zone: "Mars/Base" }, "/time_zone", "unknown_zone"],
      [{ columns: "," }, "/columns", "too_few"],
      [{ columns: "time,time" }, "/columns", "named_twice"],
      [{ columns: "contry" }, "/columns", "unknown_column"],
      [{ columns: "personal" }, "/columns", "personal_data"],
      [{ spreadsheet_safe: "true" }, "/spreadsheet_safe", "not_for_format"],
      [{ filters: "{" }, "/filters", "not_json"],
      [
        { filters: '{"dimension":"trait:plan","operator":"is","value":"gold"}' },
        "/filters/dimension",
        "not_in_exports"
      ],
      [{ after: id }, "/watermark", "missing"],
      [{ after: "yesterday", watermark }, "/after", "not_an_event_id"],
      [{ after: id, watermark }, "/after", "unknown_event"],
      [{ watermark: "made-up" }, "/watermark", "not_issued"],
      [{ stange: "1" }, "/stange", ""]
    ]
    for (const [query, pointer, code] of wrong) {
      const refused = await readAll(query)
      assert.strictEqual(refused.status, 400, JSON.stringify(query))
      const [first] = (JSON.parse(refused.text) as { readonly errors: ReadonlyArray<Json> }).errors
      assert.strictEqual(first!["pointer"], pointer, refused.text)
      if (code !== "") assert.strictEqual(first!["code"], code)
    }
    assert.strictEqual((await readAll({}, tokenFor(folder, { scopes: ["analytics:read"] }))).status, 403)
    const elsewhere = await readAll({ watermark }, tokenFor(folder, { workspace: "other" }))
    assert.strictEqual(elsewhere.status, 400)
  })
})

/** Bytes that the service has made for readers since its start. */
const bytesMade = async (): Promise<number> => {
  const text = await (await fetch(server.metricsUrl)).text()
  return Number(/^marketing_event_stream_bytes_total(?:\{[^}]*\})? (\S+)/m.exec(text)![1])
}

describe("many events as they are read", { timeout: 120_000 }, () => {
  const events = 3000
  const [keyId, anotherKey] = [randomUUID(), randomUUID()]
  const as = () => tokenFor(folder, { workspace: "large", keyId })
  const another = () => tokenFor(folder, { workspace: "large", keyId: anotherKey })

  beforeAll(async () => {
    for (const some of batchesOfWideEvents(events)) await send(some, as())
    await awaitEvents(events, as())
  }, 180_000)

  const awaitFree = async () => {
    for (let tries = 0; tries < 100; tries += 1) {
      const answer = await readAll({ from: "2026-12-24", to: "2026-12-24" }, as())
      if (answer.status === 200) return
      await new Promise((done) => setTimeout(done, 50))
    }
    assert.fail("the place is still taken")
  }

  it("are made no faster than they are taken, and are those of the begin once they are", async () => {
    const quick = await readAll({}, as())
    assert.isAbove(quick.text.length, 60_000_000)
    const before = await bytesMade()
    const answer = await open({}, as())
    answer.pause()
    let made = -1
    for (let now = 0; now !== made; now = (await bytesMade()) - before) {
      made = now
      await new Promise((done) => setTimeout(done, 1000))
    }
    // What lies in buffers of the sockets, and two pages of 250 events: of a reader that takes nothing no more is held.
    assert.isBelow(made, 25_000_000)
    await send([eventOf({ anonymous_id: "meanwhile", timestamp: "2026-10-30T12:00:00Z" })], another())
    await awaitEvents(events + 1, another())
    const text = await restOf(answer)
    const hash = (each: string) => createHash("sha256").update(each).digest("hex")
    assert.strictEqual(hash(text), hash(quick.text))
    assert.strictEqual(answer.headers["watermark"], quick.headers.get("watermark"))
    const numbers = eventsOf(text).map((line) => (line["properties"] as Json)["number"])
    assert.strictEqual(new Set(numbers).size, events)
  })

  it("are read by one at once with a key, until that one is gone", async () => {
    const first = await open({}, as())
    first.pause()
    const second = await readAll({}, as())
    assert.strictEqual(second.status, 429)
    assert.isNotNull(second.headers.get("retry-after"))
    assert.strictEqual((await readAll({ from: "2026-12-24", to: "2026-12-24" }, another())).status, 200)
    first.destroy()
    await awaitFree()
    const head = await fetch(server.url + pathOf({}), { method: "HEAD", headers: { authorization: `Bearer ${as()}` } })
    assert.strictEqual(head.status, 200)
    await awaitFree()
  })

  it("break off where somebody is erased meanwhile, and do not go on from before", async () => {
    const answer = await open({ columns: "event_id,properties" }, as())
    answer.pause()
    await send([eventOf({ user_id: "gone", anonymous_id: "gone" })], another())
    await awaitEvents(events + 2, another())
    const erased = await ask(server, "POST", "/analytics/persons/gone/erase", { token: another() })
    assert.strictEqual(erased.status, 200, JSON.stringify(erased.body))
    const pieces: Array<Buffer> = []
    const broken = await new Promise<boolean>((done) => {
      answer.on("data", (piece: Buffer) => void pieces.push(piece))
      answer.on("end", () => done(false)).on("error", () => done(true))
      answer.resume()
    })
    assert.isTrue(broken)
    const lines = Buffer.concat(pieces).toString("utf8").split("\n").slice(0, -1)
    assert.isBelow(lines.length, events)
    const after = String((JSON.parse(lines.at(-1)!) as Json)["event_id"])
    await awaitFree()
    const rest = await readAll({ after, watermark: String(answer.headers["watermark"]) }, as())
    assert.strictEqual(rest.status, 410)
    assert.include(rest.text, '"code":"erased"')
  })
})
