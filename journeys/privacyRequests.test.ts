import { Effect, Layer } from "effect"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import * as sqlite from "../adapters/sqlite/DocumentStore.ts"
import { runningWrite } from "../domain/analytics/privacy/runRequest.ts"
import { putRequest } from "../domain/analytics/privacy/requestStore.ts"
import { verifyReceipt } from "../domain/privacy/receipts.ts"
import { modules } from "../modules.ts"
import { Collections, DocumentStore } from "../ports/documents/DocumentStore.ts"
import type { KeptRequest } from "../ports/privacy/PrivacyRequest.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"
import { ask, countEvents, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

const path = "/platform/privacy/requests"
const dayMillis = 86_400_000
const folder = freshFolder()
let server: ServerProcess
let token: string

const ok = (answer: Answer, status = 200) => {
  assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
  return answer.body
}
const isConflict = (answer: Answer, code: string) => {
  assert.strictEqual(answer.status, 409, JSON.stringify(answer.body))
  assert.deepInclude((answer.body["errors"] as ReadonlyArray<object>)[0], { code })
}
const post = (at: string, body: unknown = undefined) => ask(server, "POST", at, { token, body })
const get = (at: string) => ask(server, "GET", at, { token })
const made = async (body: Readonly<Record<string, unknown>>) => {
  const request = ok(await post(path, body), 201)
  return { request, at: `${path}/${String(request["id"])}` }
}
const vouched = { method: "operator", evidence: "showed the customer card" }
const done = async (body: Readonly<Record<string, unknown>>) => {
  const { at } = await made(body)
  return { at, request: ok(await post(`${at}/verification`, vouched)) }
}

/** Asks for a file of all events; answers its id. */
const makeExport = async () => {
  const date_range = { from: "2020-01-01", to: "2029-12-31" }
  return String(ok(await post("/analytics/exports", { format: "ndjson", date_range }), 201)["id"])
}
/** How many lines of the export's file, once it is there, name the id. */
const linesNaming = async (id: string, name: string) => {
  const at = `/analytics/exports/${id}`
  const deadline = Date.now() + 30_000
  let item = ok(await get(at))
  while (item["status"] !== "finished" && Date.now() < deadline) {
    await new Promise((wait) => setTimeout(wait, 100))
    item = ok(await get(at))
  }
  assert.strictEqual(item["status"], "finished", JSON.stringify(item))
  const answer = await fetch(`${server.url}${at}/file`, { headers: { authorization: `Bearer ${token}` } })
  assert.strictEqual(answer.status, 200)
  return (await answer.text()).split("\n").filter((line) => line.includes(`"${name}"`)).length
}

/** Who is in the list of people, and how many events are in that of events. */
const listed = async (query: string) => {
  const people = ok(await get("/analytics/persons"))["items"] as ReadonlyArray<{ readonly person_id: string }>
  const events = ok(await get(`/analytics/events${query}`))["items"] as ReadonlyArray<object>
  return [people.map(({ person_id }) => person_id).toSorted(), events.length]
}
/** Subjects of what happens, as the live stream tells them. */
const watchLive = () =>
  new Promise<{ readonly socket: WebSocket; readonly seen: Array<string> }>((open, failed) => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/analytics/realtime/stream`, token)
    const seen: Array<string> = []
    socket.onmessage = ({ data }) => seen.push((JSON.parse(String(data)) as { readonly subject: string }).subject)
    socket.onopen = () => open({ socket, seen })
    socket.onerror = () => failed(new Error("the stream was refused"))
  })
const eventually = async (holds: () => boolean | Promise<boolean>) => {
  const deadline = Date.now() + 10_000
  while (!(await holds())) {
    assert.isBelow(Date.now(), deadline, "it never happened")
    await new Promise((wait) => setTimeout(wait, 20))
  }
}

const signUp = (name: string, device: string) =>
  eventOf({
    event_type: "user_signed_up",
    anonymous_id: device,
    user_id: name,
    properties: { traits: { email: `${name}@example.com`, city: "Rome" } }
  })

/** A request that was verified before the process ended, before anything was done. */
const breakOff: KeptRequest = {
  id: "broken-off",
  kind: "erase",
  person: "carl",
  law: "gdpr",
  reference: null,
  status: "in_progress",
  received_at: Date.now() - 40 * dayMillis,
  due_at: Date.now() - 10 * dayMillis,
  extended: false,
  verification: { method: "operator", by: "test", at: Date.now(), evidence: "card" },
  trait_names: [],
  steps: [{ name: "erase", status: "waiting", attempts: 0, at: null, error: null }],
  inventory: null,
  receipt: null,
  completed_at: null,
  available_until: null,
  history: []
}
const leaveBrokenOff = Effect.gen(function* () {
  const documents = yield* DocumentStore
  const workspace = WorkspaceId.make("default")
  const actor = { workspace, keyId: "test", from: undefined, requestId: "1" }
  yield* documents.commit(WorkspaceId.make("all-workspaces"), { writes: [runningWrite(actor, breakOff.id, 1)] })
  yield* documents.commit(workspace, { writes: [putRequest(breakOff, 0, ["carl"])] })
})

beforeAll(async () => {
  server = await startServer(folder, { LAKE_SECONDS: "1" })
  token = tokenFor(folder)
  const events = [
    signUp("ada", "phone"),
    signUp("ben", "laptop"),
    signUp("carl", "tablet"),
    eventOf({ anonymous_id: "phone" })
  ]
  ok(await post("/analytics/events/batch", { events }))
  await countEvents(server, token, 4)
})
afterAll(() => server.kill("SIGTERM"))

describe("a request for access", () => {
  it("is done once the person brings back the token that was sent, and its file can be fetched", async () => {
    const { at, request } = await made({ kind: "access", person: "ada", reference: "T-1" })
    assert.deepInclude(request, { status: "unverified", law: "gdpr", reference: "T-1", overdue: false })
    isConflict(await post(`${at}/verification`, { method: "token", token: "x" }), "no_challenge")
    isConflict(await get(`${at}/export`), "not_available")
    const first = ok(await post(`${at}/challenge`))
    const challenge = ok(await post(`${at}/challenge`))
    isConflict(await post(`${at}/verification`, { method: "token", token: first["token"] }), "wrong_token")
    const answered = ok(await post(`${at}/verification`, { method: "token", token: challenge["token"] }))
    assert.deepInclude(answered, { status: "completed", overdue: false })
    assert.deepInclude(answered["verification"], { method: "token", evidence: null })
    const inventory = answered["inventory"] as Readonly<Record<string, number>>
    assert.deepInclude(inventory, { "analytics.event": 2, "analytics.trait": 2, "analytics.privacy_requests": 1 })
    const lines = ok(await get(`${at}/export`))["lines"] as ReadonlyArray<{ readonly kind: string }>
    assert.lengthOf(
      lines.filter(({ kind }) => kind === "event"),
      2
    )
    assert.include(JSON.stringify(lines), "ada@example.com")
    assert.notInclude(JSON.stringify(await get(at)), String(challenge["token"]))
    const blind = tokenFor(folder, { scopes: ["persons:read"] })
    assert.strictEqual((await ask(server, "GET", `${at}/export`, { token: blind })).status, 403)
  })

  it("of somebody who is unknown says that nothing is held but the request", async () => {
    const { request } = await done({ kind: "export", person: "nobody@example.com" })
    assert.strictEqual(request["status"], "completed")
    assert.match(String(request["person"]), /^h_/)
    const inventory = request["inventory"] as Readonly<Record<string, number>>
    assert.isUndefined(inventory["analytics.event"])
    assert.strictEqual(inventory["analytics.privacy_requests"], 1)
  })
})

describe("deadlines and decisions", () => {
  it("are told with reasons; late ones first of their status; what is closed stays closed", async () => {
    const late = await made({ kind: "access", person: "ben", law: "ccpa", received_at: Date.now() - 50 * dayMillis })
    assert.isTrue(late.request["overdue"])
    isConflict(await post(`${late.at}/decision`, { decision: "extend", reason: "many" }), "too_late")
    const inTime = await made({ kind: "access", person: "ben", law: "ccpa", received_at: Date.now() - 40 * dayMillis })
    const extended = ok(await post(`${inTime.at}/decision`, { decision: "extend", reason: "many" }))
    assert.strictEqual(extended["due_at"], (inTime.request["received_at"] as number) + 90 * dayMillis)
    isConflict(await post(`${inTime.at}/decision`, { decision: "extend", reason: "more" }), "extended_before")
    const open = ok(await get(`${path}?status=unverified&kind=access`))["items"] as ReadonlyArray<{
      readonly id: string
    }>
    assert.deepStrictEqual(
      open.map(({ id }) => id),
      [late.request["id"], inTime.request["id"]]
    )
    const page = await get(`${path}?status=unverified&limit=1`)
    assert.include(page.headers.get("link"), `rel="next"`)
    const refused = ok(await post(`${late.at}/decision`, { decision: "refuse", reason: "not proven" }))
    assert.deepInclude(refused, { status: "refused", overdue: false })
    isConflict(await post(`${late.at}/verification`, vouched), "closed")
    assert.strictEqual(ok(await post(`${inTime.at}/decision`, { decision: "withdraw" }))["status"], "withdrawn")
    const records = ok(await get(`/platform/audit?target=privacy_requests/${String(late.request["id"])}`))
    assert.deepStrictEqual(
      (records["items"] as ReadonlyArray<{ readonly action: string }>).map(({ action }) => action),
      ["privacy_request.refused", "privacy_request.received"]
    )
  })

  it("refuses what is no request, naming the field", async () => {
    for (const [body, pointer, code] of [
      [{ kind: "access", person: "null" }, "/person", "reserved_id"],
      [{ kind: "access", person: "ada", received_at: Date.now() + dayMillis }, "/received_at", "out_of_range"],
      [{ kind: "access", person: "ada", reference: "ada@example.com" }, "/reference", "personal_data"],
      [{ kind: "access", person: "ada", traits: { city: "Oslo" } }, "/traits", "unexpected"],
      [{ kind: "rectify", person: "ada" }, "/traits", "required"],
      [{ kind: "rectify", person: "ada", traits: { $x: 1 } }, "/traits/$x", "invalid_name"]
    ] as const) {
      const answer = await post(path, body)
      assert.strictEqual(answer.status, 400, JSON.stringify(answer.body))
      assert.deepInclude((answer.body["errors"] as ReadonlyArray<object>)[0], { pointer, code })
    }
    assert.strictEqual((await post(path, { kind: "rectify", person: "nobody", traits: { a: 1 } })).status, 404)
  })
})

describe("a request to rectify", () => {
  it("sets traits by a new fact, and what it keeps until then is sealed", async () => {
    const traits = { email: "right@example.com", city: "Oslo" }
    const { at, request } = await made({ kind: "rectify", person: "ben", traits })
    assert.deepStrictEqual(request["trait_names"], ["email", "city"])
    const clear = readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((file) => statSync(file).isFile() && readFileSync(file).includes("right@example.com"))
    assert.deepStrictEqual(clear, [])
    assert.strictEqual(ok(await post(`${at}/verification`, vouched))["status"], "completed")
    await countEvents(server, token, 5)
    assert.deepInclude(ok(await get("/analytics/persons/ben"))["traits"], traits)
  })
})

describe("a request to restrict", () => {
  it("leaves everything of the person where it is and out of every answer, until the restriction is lifted", async () => {
    const query = "select count(*)::integer from events where user_id = 'ben'"
    const inLake = async () =>
      (ok(await post("/analytics/sql", { query }))["rows"] as ReadonlyArray<ReadonlyArray<number>>)[0]![0]
    const deadline = Date.now() + 20_000
    while ((await inLake()) !== 2 && Date.now() < deadline) await new Promise((wait) => setTimeout(wait, 200))
    assert.strictEqual(await inLake(), 2)
    assert.strictEqual(await countEvents(server, token, 5), 5)
    const { request } = await done({ kind: "restrict", person: "laptop" })
    assert.strictEqual(request["status"], "completed", JSON.stringify(request))
    assert.strictEqual(await countEvents(server, token, 3), 3)
    const restricted = ok(await get("/platform/privacy/restrictions"))["items"] as ReadonlyArray<object>
    assert.lengthOf(restricted, 1)
    assert.deepInclude(restricted[0], { person_id: "laptop" })
    const live = await watchLive()
    assert.strictEqual(await inLake(), 0)
    ok(await post("/analytics/events/ingest", eventOf({ anonymous_id: "laptop" })))
    ok(await post("/analytics/events/ingest", eventOf({ anonymous_id: "watch" })))
    assert.strictEqual(await countEvents(server, token, 4), 4)
    assert.strictEqual(ok(await get("/analytics/persons/ben"))["events"], 3)
    assert.deepStrictEqual(await listed(""), [["ada", "carl", "watch"], 4])
    assert.deepStrictEqual(await listed("?person_id=ben"), [["ada", "carl", "watch"], 3])
    await eventually(() => live.seen.includes("watch"))
    assert.notInclude(live.seen, "laptop")
    assert.strictEqual((await done({ kind: "lift_restriction", person: "ben" })).request["status"], "completed")
    assert.strictEqual(await countEvents(server, token, 7), 7)
    assert.deepStrictEqual(await listed(""), [["ada", "ben", "carl", "watch"], 7])
    ok(await post("/analytics/events/ingest", eventOf({ anonymous_id: "laptop" })))
    await eventually(() => live.seen.includes("laptop"))
    live.socket.close()
    assert.isAtLeast((await inLake()) ?? 0, 2)
  })
})

describe("files of events", { timeout: 120_000 }, () => {
  it("leave out who is restricted, those from before, too, and hold the events again once it is lifted", async () => {
    const before = await makeExport()
    const lines = await linesNaming(before, "laptop")
    assert.isAtLeast(lines, 2)
    await done({ kind: "restrict", person: "ben" })
    assert.strictEqual(await linesNaming(before, "laptop"), 0)
    assert.isAtLeast(await linesNaming(before, "phone"), 2)
    const since = await makeExport()
    assert.strictEqual(await linesNaming(since, "laptop"), 0)
    await done({ kind: "lift_restriction", person: "ben" })
    assert.strictEqual(await linesNaming(before, "laptop"), lines)
    for (const id of [before, since]) {
      assert.strictEqual((await ask(server, "DELETE", `/analytics/exports/${id}`, { token })).status, 204)
    }
  })
})

describe("an objection to sale", () => {
  it("is noted, told of every id of the person, and not taken back by a browser's silence", async () => {
    const ofPerson = async (person: string) =>
      (
        ok(await get(`/platform/privacy/preferences?person=${person}`))["items"] as ReadonlyArray<
          Record<string, unknown>
        >
      )[0]!
    assert.deepInclude(await ofPerson("ben"), { do_not_sell: false, source: null })
    await done({ kind: "do_not_sell", person: "ben", law: "ccpa" })
    assert.deepInclude(await ofPerson("laptop"), { do_not_sell: true, source: "request" })
    ok(await post("/platform/privacy/preferences", { person: "ben", do_not_sell: false, source: "gpc" }))
    assert.deepInclude(await ofPerson("ben"), { do_not_sell: true, source: "request" })
    ok(await post("/platform/privacy/preferences", { person: "visitor-1", do_not_sell: true, source: "gpc" }))
    const all = ok(await get("/platform/privacy/preferences"))["items"] as ReadonlyArray<{ readonly person_id: string }>
    assert.deepStrictEqual(
      all.map(({ person_id }) => person_id),
      ["visitor-1", "ben"]
    )
    const origin = "https://shop.example"
    const browser = tokenFor(server.folder, { kind: "browser", scopes: ["events:write"], origins: [origin] })
    const userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
    const plain = { origin, "user-agent": userAgent }
    const headers = { ...plain, "sec-gpc": "1" }
    const events = [eventOf({ anonymous_id: "quiet-phone" })]
    ok(await ask(server, "POST", "/analytics/events/batch", { token: browser, headers, body: { events } }))
    const [event, other] = ["quiet-tablet", "loud-tablet"].map((anonymous_id) => eventOf({ anonymous_id }))
    ok(await ask(server, "POST", "/analytics/events/ingest", { token: browser, headers, body: event }))
    ok(await ask(server, "POST", "/analytics/events/ingest", { token: browser, headers: plain, body: other }))
    // A server's own header says nothing of the people whose events it brings.
    const relayed = eventOf({ anonymous_id: "relayed" })
    ok(await ask(server, "POST", "/analytics/events/ingest", { token, headers: { "sec-gpc": "1" }, body: relayed }))
    for (const quiet of ["quiet-phone", "quiet-tablet"])
      await eventually(async () => (await ofPerson(quiet))["source"] === "gpc")
    for (const person of ["loud-tablet", "relayed"])
      assert.deepInclude(await ofPerson(person), { do_not_sell: false, source: null })
  })
})

describe("a request to erase", () => {
  it("ends with a receipt; earlier requests of the person say who asked by an HMAC", async () => {
    const { request } = await done({ kind: "erase", person: "ada" })
    assert.strictEqual(request["status"], "completed")
    const { signed, ...receipt } = request["receipt"] as Readonly<Record<string, unknown>>
    const keySet = ok(await get("/platform/receipt-keys"))
    assert.deepStrictEqual(await verifyReceipt(String(signed), keySet as never), receipt)
    assert.strictEqual(request["person"], `erased_${String(receipt["person"])}`)
    assert.strictEqual((await get("/analytics/persons/ada")).status, 404)
    const all = ok(await get(path))["items"] as ReadonlyArray<{ readonly kind: string; readonly person: string }>
    assert.isFalse(all.some(({ person }) => person === "ada"))
    assert.lengthOf(
      all.filter(({ person }) => person === request["person"]),
      2
    )
  })

  it("is taken up again where the process ended after it was verified", async () => {
    await server.kill("SIGKILL")
    const documents = sqlite.layer({ file: filesOf(folder).documents }).pipe(
      Layer.provide(
        Layer.succeed(
          Collections,
          modules.flatMap(({ collections }) => collections)
        )
      )
    )
    await Effect.runPromise(Effect.provide(leaveBrokenOff, documents))
    server = await startServer(folder)
    const deadline = Date.now() + 20_000
    let request: Readonly<Record<string, unknown>>
    do {
      request = ok(await get(`${path}/${breakOff.id}`))
      await new Promise((wait) => setTimeout(wait, 100))
    } while (request["status"] !== "completed" && Date.now() < deadline)
    assert.strictEqual(request["status"], "completed", JSON.stringify(request))
    assert.match(String(request["person"]), /^erased_/)
    assert.strictEqual((await get("/analytics/persons/carl")).status, 404)
  })
})

describe("a request to restrict more than there is room for", { timeout: 120_000 }, () => {
  it("says so and restricts nobody, and there is still room for others", async () => {
    const held = await countEvents(server, token, 0)
    for (let at = 0; at < 10; at += 1) {
      const events = Array.from({ length: 1000 }, (_, each) =>
        eventOf({ anonymous_id: `device-${at}-${each}`, user_id: "shop-terminal" })
      )
      ok(await post("/analytics/events/batch", { events }))
    }
    await countEvents(server, token, held + 10_000)
    const { request } = await done({ kind: "restrict", person: "shop-terminal" })
    assert.notStrictEqual(request["status"], "completed")
    assert.deepInclude((request["steps"] as ReadonlyArray<object>)[0], {
      status: "failed",
      error: "10000 ids of restricted people at the most"
    })
    assert.strictEqual((await done({ kind: "restrict", person: "watch" })).request["status"], "completed")
    const people = ok(await get("/analytics/persons"))["items"] as ReadonlyArray<{ readonly person_id: string }>
    const names = people.map(({ person_id }) => person_id)
    assert.include(names, "shop-terminal")
    assert.notInclude(names, "watch")
  })
})
