import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { ask, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const keyCount = async (as = token) =>
  ((await ask(server, "GET", "/platform/keys?limit=100", { token: as })).body["items"] as ReadonlyArray<unknown>).length
const makeKey = (name: string, key: string, as = token) =>
  ask(server, "POST", "/platform/keys", {
    token: as,
    body: { name, scopes: ["events:write"] },
    headers: { "idempotency-key": key }
  })
const isReplayOf = (answer: Answer, first: Answer) => {
  assert.strictEqual(answer.status, first.status)
  assert.deepStrictEqual(answer.body, first.body)
  assert.strictEqual(first.headers.get("idempotent-replayed"), null)
  assert.strictEqual(answer.headers.get("idempotent-replayed"), "true")
}

const filesBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

describe("an Idempotency-Key", () => {
  it("makes a key once, gives status and body again, and survives kill -9", async () => {
    const before = await keyCount()
    const first = await makeKey("once", "8e03978e-40d5-43dd-bc93-6894a57f9324")
    assert.strictEqual(first.status, 201)
    isReplayOf(await makeKey("once", "8e03978e-40d5-43dd-bc93-6894a57f9324"), first)
    isReplayOf(await makeKey("once", '"8e03978e-40d5-43dd-bc93-6894a57f9324"'), first)
    assert.strictEqual(await keyCount(), before + 1)
    await server.kill("SIGKILL")
    server = await startServer(server.folder)
    isReplayOf(await makeKey("once", "8e03978e-40d5-43dd-bc93-6894a57f9324"), first)
    assert.strictEqual(await keyCount(), before + 1)
    const signature = String(first.body["token"]).split(".")[2]!
    for (const file of filesBelow(server.folder)) assert.notInclude(readFileSync(file, "latin1"), signature, file)
  })

  it("is refused with another body or path, and means nothing to another principal or workspace", async () => {
    const first = await makeKey("first", "reused")
    const other = await makeKey("second", "reused")
    assert.strictEqual(other.status, 422)
    assert.strictEqual(other.body["type"], "https://broxiva.dev/problems/unprocessable")
    const path = await ask(server, "POST", "/analytics/persons/merge", {
      token,
      body: { from: "a", into: "b" },
      headers: { "idempotency-key": "reused" }
    })
    assert.strictEqual(path.status, 422)
    const sameBody = { scopes: ["events:write"], name: "first" }
    const reordered = await ask(server, "POST", "/platform/keys", {
      token,
      body: sameBody,
      headers: { "idempotency-key": "reused" }
    })
    isReplayOf(reordered, first)
    for (const stranger of [tokenFor(server.folder), tokenFor(server.folder, { workspace: "other" })]) {
      const own = await makeKey("first", "reused", stranger)
      assert.strictEqual(own.status, 201)
      assert.notStrictEqual(own.body["id"], first.body["id"])
    }
  })

  it("makes one of many that come at once: the others replay it or are told to come back", async () => {
    const before = await keyCount()
    const answers = await Promise.all(Array.from({ length: 20 }, () => makeKey("at once", "burst")))
    assert.strictEqual(await keyCount(), before + 1)
    const made = answers.filter((answer) => answer.status === 201)
    assert.isAbove(made.length, 0)
    assert.strictEqual(new Set(made.map((answer) => answer.body["id"])).size, 1)
    for (const answer of answers.filter((each) => each.status !== 201)) {
      assert.strictEqual(answer.status, 409)
      assert.isAtLeast(Number(answer.headers.get("retry-after")), 1)
      assert.deepInclude((answer.body["errors"] as ReadonlyArray<object>)[0], { code: "in_progress" })
    }
  })

  it("replays a merge, also one that the state did not allow", async () => {
    const as = tokenFor(server.folder, { workspace: "merging" })
    for (const user of ["u1", "u2"]) {
      const event = eventOf({ user_id: user, anonymous_id: user })
      await ask(server, "POST", "/analytics/events/ingest", { token: as, body: event })
    }
    const merge = (key: string, force: boolean) =>
      ask(server, "POST", "/analytics/persons/merge", {
        token: as,
        body: { from: "u1", into: "u2", ...(force ? { force } : {}) },
        headers: { "idempotency-key": key }
      })
    let refused = await merge("k0", false)
    for (let attempt = 1; refused.status === 201 && attempt < 100; attempt += 1) {
      // Not indexed yet, so nothing stood against it: undo and ask again.
      await ask(server, "DELETE", `/analytics/persons/merges/${String(refused.body["id"])}`, { token: as })
      refused = await merge(`k${attempt}`, false)
    }
    assert.strictEqual(refused.status, 409)
    const first = await merge("forced", true)
    assert.strictEqual(first.status, 201)
    isReplayOf(await merge("forced", true), first)
    const merges = await ask(server, "GET", "/analytics/persons/merges", { token: as })
    assert.strictEqual((merges.body["items"] as ReadonlyArray<unknown>).length, 1)
  })

  it("must be 1 to 255 visible ASCII characters", async () => {
    for (const key of ["", " ", "a b", "x".repeat(256), '""']) {
      const answer = await makeKey("bad", key)
      assert.strictEqual(answer.status, 400, key)
      assert.deepInclude((answer.body["errors"] as ReadonlyArray<object>)[0], {
        pointer: "/idempotency-key",
        code: "invalid_key"
      })
    }
  })
})
