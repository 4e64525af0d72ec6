import { DuckDBInstance } from "@duckdb/node-api"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { get as httpGet } from "node:http"
import type { IncomingMessage } from "node:http"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import { ask, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"
import { batchesOfWideEvents } from "./wideEvents.ts"

type Json = Readonly<Record<string, unknown>>

const folder = freshFolder()
const ever = { from: "2020-01-01", to: "2029-12-31" }
let server: ServerProcess
let token: string

const send = async (events: ReadonlyArray<unknown>, as = token) => {
  const answer = await ask(server, "POST", "/analytics/events/batch", { token: as, body: { events } })
  assert.strictEqual(answer.body["stored"], events.length, JSON.stringify(answer.body).slice(0, 500))
}

const order = (body: object, as = token, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(server, "POST", "/analytics/exports", { token: as, body: { date_range: ever, ...body }, headers })

const look = async (path: string, as = token): Promise<Json> => (await ask(server, "GET", path, { token: as })).body

/** The export once it is at its end, or as `state` says. */
const awaitState = async (path: string, state = "finished", as = token): Promise<Json> => {
  const deadline = Date.now() + 120_000
  for (;;) {
    const found = await look(path, as)
    if (found["status"] === state) return found
    if (found["status"] === "failed" || Date.now() > deadline) assert.fail(JSON.stringify(found))
    await new Promise((done) => setTimeout(done, 50))
  }
}

const read = async (path: string, headers: Record<string, string> = {}, as = token) => {
  const answer = await fetch(`${server.url}${path}/file`, { headers: { authorization: `Bearer ${as}`, ...headers } })
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) }
}

/** Asks for an export, waits for it and reads its file. */
const exported = async (body: object, as = token): Promise<Buffer> => {
  const made = await order(body, as)
  assert.strictEqual(made.status, 201, JSON.stringify(made.body))
  const path = made.headers.get("location")!
  await awaitState(path, "finished", as)
  const { bytes, status } = await read(path, {}, as)
  assert.strictEqual(status, 200)
  return bytes
}

const linesOf = (bytes: Buffer): ReadonlyArray<Json> =>
  bytes
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Json)

const problemOf = ({ body }: Answer) => (body["errors"] as ReadonlyArray<Json>)[0]!

beforeAll(async () => {
  server = await startServer(folder)
  token = tokenFor(folder)
  const email = "ada@example.com"
  await send([
    eventOf({ anonymous_id: "phone", timestamp: "2026-11-01T10:00:00.250Z" }),
    eventOf({
      anonymous_id: "phone",
      event_type: "user_identified",
      user_id: "ada",
      timestamp: "2026-11-02T10:00:00Z",
      properties: { traits: { email, plan: "gold" } }
    }),
    eventOf({
      anonymous_id: "laptop",
      event_type: "order_completed",
      user_id: "ben",
      timestamp: "2026-11-03T10:00:00Z",
      properties: { order_id: "1", total: "49.90", currency: "EUR", note: "=1+1", size: 7 }
    })
  ])
  await send([eventOf({ anonymous_id: "elsewhere" })], tokenFor(folder, { workspace: "other" }))
})
afterAll(() => server.kill("SIGKILL"))

describe("an export of events", { timeout: 120_000 }, () => {
  it("holds what was acknowledged before it was asked for, soon, and nothing of another workspace", async () => {
    const began = Date.now()
    const lines = linesOf(await exported({ format: "ndjson" }))
    // The lake is written once a minute, and at once for whoever waits.
    assert.isBelow(Date.now() - began, 30_000)
    assert.deepStrictEqual(
      lines.map((line) => [line["event_type"], line["time"], line["user_id"], line["anonymous_id"]]),
      [
        ["page_view", "2026-11-01T10:00:00.250Z", null, "phone"],
        ["user_identified", "2026-11-02T10:00:00.000Z", "ada", "phone"],
        ["order_completed", "2026-11-03T10:00:00.000Z", "ben", "laptop"]
      ]
    )
    assert.deepStrictEqual(lines[1]!["traits"], { email: { encrypted: true }, plan: "gold" })
    assert.notProperty(lines[0], "personal")
    assert.notProperty(lines[0], "ip")
    assert.strictEqual(lines[2]!["amount_minor"], 4990)
  })

  it("takes a range, event types, filters on properties, and columns in their own order", async () => {
    const body = {
      format: "csv",
      date_range: { from: "2026-11-02", to: "2026-11-03" },
      event_types: ["order_completed", "user_identified"],
      filters: { dimension: "property:size", operator: "gte", value: 7 },
      columns: ["user_id", "amount_minor", "properties"]
    }
    const text = (await exported(body)).toString("utf8")
    assert.match(text, /^user_id,amount_minor,properties\r\n"ben",4990,"\{""order_id"".*\}"\r\n$/)
    const none = await exported({ ...body, date_range: { from: "2026-11-01", to: "2026-11-02" } })
    assert.strictEqual(none.toString("utf8"), "user_id,amount_minor,properties\r\n")
  })

  it("is read by other programs as Parquet", async () => {
    const file = join(folder, "read.parquet")
    writeFileSync(file, await exported({ format: "parquet", columns: ["time", "user_id", "properties"] }))
    const instance = await DuckDBInstance.create(":memory:")
    const connection = await instance.connect()
    const found = await connection.runAndReadAll(
      `select user_id, properties->>'note' as note from read_parquet('${file}') where user_id is not null order by time`
    )
    assert.deepStrictEqual(found.getRowsJson(), [
      ["ada", null],
      ["ben", "=1+1"]
    ])
    connection.closeSync()
    instance.closeSync()
  })

  it("shows personal data to who may read it, notes each reading, and only then", async () => {
    const blind = tokenFor(folder, { scopes: ["analytics:export"] })
    const refused = await order({ format: "csv", personal_data: true }, blind)
    assert.strictEqual(refused.status, 403)
    const column = await order({ format: "csv", columns: ["time", "personal"] })
    assert.strictEqual(column.status, 400)
    assert.deepInclude(problemOf(column), { pointer: "/columns/1", code: "personal_data" })
    for (const format of ["ndjson", "csv", "parquet"]) {
      const bytes = await exported({ format, personal_data: true, columns: ["user_id", "personal"] })
      assert.include(bytes.toString("latin1"), "ada@example.com", format)
    }
    const { items } = (await ask(server, "GET", "/platform/audit?limit=2", { token })).body
    const [noted] = items as ReadonlyArray<Json>
    assert.strictEqual(noted!["action"], "personal_data.read")
    assert.match(String(noted!["target"]), /^exports\/[\w-]+$/)
    const path = `/analytics/${String(noted!["target"])}`
    assert.strictEqual((await read(path, {}, blind)).status, 403)
    assert.strictEqual((await read(path, {}, tokenFor(folder, { workspace: "other" }))).status, 404)
    assert.strictEqual((await read(path, {}, tokenFor(folder, { scopes: ["analytics:read"] }))).status, 403)
  })

  it("goes on where a download broke off, and begins anew where it is another file", async () => {
    const made = await order({ format: "ndjson" })
    const path = made.headers.get("location")!
    await awaitState(path)
    const whole = await read(path)
    const etag = whole.headers.get("etag")!
    assert.strictEqual(whole.headers.get("accept-ranges"), "bytes")
    assert.match(whole.headers.get("content-disposition")!, /^attachment; filename="events-[\w-]+\.ndjson"$/)
    const size = whole.bytes.length
    const part = await read(path, { range: "bytes=100-", "if-range": etag })
    assert.strictEqual(part.status, 206)
    assert.strictEqual(part.headers.get("content-range"), `bytes 100-${size - 1}/${size}`)
    assert.isTrue(part.bytes.equals(whole.bytes.subarray(100)))
    assert.isTrue((await read(path, { range: "bytes=-7" })).bytes.equals(whole.bytes.subarray(-7)))
    const other = await read(path, { range: "bytes=100-", "if-range": '"another"' })
    assert.deepStrictEqual([other.status, other.bytes.length], [200, size])
    const behind = await read(path, { range: `bytes=${size}-` })
    assert.deepStrictEqual([behind.status, behind.headers.get("content-range")], [416, `bytes */${size}`])
    assert.strictEqual((await read(path, { "if-none-match": etag })).status, 304)
    const head = await fetch(`${server.url}${path}/file`, {
      method: "HEAD",
      headers: { authorization: `Bearer ${token}` }
    })
    assert.deepStrictEqual([head.status, head.headers.get("content-length")], [200, String(size)])
  })

  it("is listed, cancelled, deleted, made once by its key, and not more than there may be", async () => {
    const as = tokenFor(folder, { workspace: "many" })
    const key = { "idempotency-key": "once" }
    const first = await order({ format: "csv" }, as, key)
    assert.strictEqual(first.status, 201)
    const path = first.headers.get("location")!
    assert.deepStrictEqual((await order({ format: "csv" }, as, key)).body, first.body)
    const { body } = await ask(server, "GET", "/analytics/exports", { token: as })
    assert.strictEqual((body["items"] as ReadonlyArray<Json>).length, 1)
    await awaitState(path, "finished", as)
    const late = await ask(server, "POST", `${path}/cancel`, { token: as })
    assert.strictEqual(late.status, 409)
    const paths = [path]
    while (paths.length < 20) paths.push((await order({ format: "csv" }, as)).headers.get("location")!)
    const full = await order({ format: "csv" }, as)
    assert.strictEqual(full.status, 409)
    assert.deepInclude(problemOf(full), { code: "too_many_exports" })
    const last = paths.at(-1)!
    const cancelled = await ask(server, "POST", `${last}/cancel`, { token: as })
    assert.strictEqual(cancelled.body["status"], "cancelled", JSON.stringify(cancelled.body))
    const unread = await ask(server, "GET", `${last}/file`, { token: as })
    assert.strictEqual(unread.status, 409)
    assert.deepInclude(problemOf(unread), { code: "not_finished" })
    for (const each of paths) assert.strictEqual((await ask(server, "DELETE", each, { token: as })).status, 204)
    assert.strictEqual((await ask(server, "GET", path, { token: as })).status, 404)
    assert.strictEqual((await ask(server, "GET", `${path}/file`, { token: as })).status, 404)
  })

  it("says what is wrong with it", async () => {
    const wrong: ReadonlyArray<readonly [object, string, string]> = [
      [{ format: "xlsx" }, "/format", ""],
      [{ format: "csv", date_range: { from: "2026-11-02", to: "2026-11-01" } }, "/date_range", "reversed_range"],
      [{ format: "csv", date_range: { from: "soon", to: "2026-11-01" } }, "/date_range/from", "not_a_day"],
      [{ format: "csv", time_zone: "Mars/Base" }, "/time_zone", "unknown_zone"],
      [{ format: "csv", columns: [] }, "/columns", ""],
      [{ format: "csv", columns: ["time", "time"] }, "/columns", ""],
      [{ format: "csv", columns: ["nothing"] }, "/columns/0", ""],
      [{ format: "ndjson", spreadsheet_safe: true }, "/spreadsheet_safe", "not_for_format"],
      [{ format: "csv", filters: { dimension: "contry", operator: "is", value: "DE" } }, "/filters/dimension", ""],
      [
        { format: "csv", filters: { dimension: "trait:plan", operator: "is", value: "gold" } },
        "/filters/dimension",
        "not_in_exports"
      ],
      [
        { format: "csv", filters: { dimension: "property:email", operator: "is", value: "a@b.c" } },
        "/filters",
        "not_in_exports"
      ],
      [{ format: "csv", stange: 1 }, "/stange", ""]
    ]
    for (const [body, pointer, code] of wrong) {
      const refused = await order(body)
      assert.strictEqual(refused.status, 400, JSON.stringify(body))
      assert.strictEqual(problemOf(refused)["pointer"], pointer, JSON.stringify(refused.body))
      if (code !== "") assert.strictEqual(problemOf(refused)["code"], code)
    }
  })
})

describe("an export of somebody who is erased", { timeout: 120_000 }, () => {
  const named = (event: Json) => event["user_id"] === "gone"

  it("is written anew without the person, and its old file is nowhere", async () => {
    const as = tokenFor(folder, { workspace: "erased" })
    const email = "gone@example.com"
    await send(
      [
        eventOf({ user_id: "gone", event_type: "user_identified", properties: { traits: { email } } }),
        eventOf({ user_id: "stays" })
      ],
      as
    )
    const made = await order({ format: "ndjson", personal_data: true }, as)
    const path = made.headers.get("location")!
    await awaitState(path, "finished", as)
    const before = await read(path, {}, as)
    assert.lengthOf(linesOf(before.bytes).filter(named), 1)
    const again = await order({ format: "csv" }, as)
    const erased = await ask(server, "POST", "/analytics/persons/gone/erase", { token: as })
    assert.strictEqual(erased.status, 200, JSON.stringify(erased.body))
    const stores = erased.body["stores"] as ReadonlyArray<Json>
    assert.isAtLeast(Number(stores.find(({ store }) => store === "exports")?.["removed"]), 1)
    const anew = await awaitState(path, "finished", as)
    assert.isAbove(Number(anew["run"]), 1)
    const after = await read(path, { range: "bytes=1-", "if-range": before.headers.get("etag")! }, as)
    assert.strictEqual(after.status, 200)
    assert.deepStrictEqual(
      linesOf(after.bytes).map((line) => line["user_id"]),
      ["stays"]
    )
    await awaitState(again.headers.get("location")!, "finished", as)
    const spooled = filesOf(folder).exports
    for (const name of readdirSync(spooled, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".part") || !name.startsWith("erased.")) continue
      assert.notMatch(readFileSync(join(spooled, name), "latin1"), /gone/)
    }
  })
})

const residentMegabytes = (): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))![1]) / 1024

describe("a large export", { timeout: 120_000 }, () => {
  const events = 3000
  let path = ""
  const as = () => tokenFor(folder, { workspace: "large" })

  beforeAll(async () => {
    for (const some of batchesOfWideEvents(events)) await send(some, as())
    const made = await order({ format: "ndjson" }, as())
    path = made.headers.get("location")!
    await awaitState(path, "finished", as())
  }, 180_000)

  it("leaves memory as it is while somebody reads it slowly", async () => {
    if (!existsSync("/proc/self/status")) return
    // Once at full speed: what the process needs for that is there from then on.
    const quick = await read(path, {}, as())
    const before = residentMegabytes()
    const answer = await new Promise<IncomingMessage>((done) =>
      httpGet(`${server.url}${path}/file`, { headers: { authorization: `Bearer ${as()}` } }, done)
    )
    const size = Number(answer.headers["content-length"])
    assert.isAbove(size, 60_000_000)
    answer.on("readable", () => undefined)
    let most = 0
    let taken = 0
    const hash = createHash("sha256")
    const began = Date.now()
    while (taken < size) {
      const piece = answer.read() as Buffer | null
      if (piece !== null) {
        taken += piece.length
        hash.update(piece)
      }
      // Slowly for some seconds, in which all of it could have come many times.
      if (piece === null || Date.now() - began < 4000)
        await new Promise((done) => setTimeout(done, piece === null ? 1 : 20))
      most = Math.max(most, residentMegabytes())
    }
    assert.isBelow(most - before, 30)
    assert.strictEqual(taken, size)
    assert.strictEqual(hash.digest("hex"), createHash("sha256").update(quick.bytes).digest("hex"))
    const numbers = linesOf(quick.bytes).map((line) => (line["properties"] as Json)["number"])
    assert.strictEqual(new Set(numbers).size, events)
  })

  it("goes on after the service was killed, and is whole", async () => {
    const made = await order({ format: "csv", columns: ["event_id", "properties"] }, as())
    const own = made.headers.get("location")!
    await awaitState(own, "running", as()).catch(() => undefined)
    await server.kill("SIGKILL")
    server = await startServer(folder)
    await awaitState(own, "finished", as())
    const text = (await read(own, {}, as())).bytes.toString("utf8")
    const ids = text
      .split("\r\n")
      .slice(1, -1)
      .map((line) => line.slice(0, 36))
    assert.deepStrictEqual([ids.length, new Set(ids).size], [events, events])
    // What is finished is there after a start as before it.
    assert.strictEqual((await read(path, { range: "bytes=0-9" }, as())).status, 206)
  })
})
