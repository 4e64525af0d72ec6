import { readdirSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

const script = readFileSync(resolve(import.meta.dirname, "../tracker/t.js"), "utf8")

let server: ServerProcess
beforeAll(async () => {
  server = await startServer(undefined, { RATE_LIMITS: "anonymous=3" })
})
afterAll(() => server.kill("SIGTERM"))

describe("the script of the tracker", () => {
  it("comes to any page, packed, cached for an hour, and is not sent again to who holds it", async () => {
    for (let time = 0; time < 5; time += 1) {
      const answer = await fetch(`${server.url}/t.js`)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(await answer.text(), script)
      assert.deepInclude(Object.fromEntries(answer.headers), {
        "content-type": "text/javascript; charset=utf-8",
        "content-encoding": "gzip",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
        "cache-control": "public, max-age=3600, stale-while-revalidate=86400",
        vary: "accept-encoding"
      })
      const again = await fetch(`${server.url}/t.js`, { headers: { "if-none-match": answer.headers.get("etag")! } })
      assert.strictEqual(again.status, 304)
      assert.strictEqual(again.headers.get("etag"), answer.headers.get("etag"))
    }
    const plain = await fetch(`${server.url}/t.js`, { headers: { "accept-encoding": "identity" } })
    assert.isNull(plain.headers.get("content-encoding"))
    assert.strictEqual(await plain.text(), script)
  })

  it("has an address of its version, whose answer never changes", async () => {
    const { headers } = await fetch(`${server.url}/t.js`)
    const version = /[0-9a-f]{16}/.exec(headers.get("etag")!)![0]
    const answer = await fetch(`${server.url}/t.${version}.js`)
    assert.strictEqual(answer.headers.get("cache-control"), "public, max-age=31536000, immutable")
    assert.strictEqual(await answer.text(), script)
  })
})

describe("visitors without an id", () => {
  const origin = "https://shop.example"
  const send = (key: string, body: unknown, userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0") =>
    fetch(`${server.url}/analytics/events/batch?key=${key}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { origin, "user-agent": userAgent, "content-type": "text/plain" }
    })
  const nameless = () => {
    const { anonymous_id: _, session_id: __, ...event } = eventOf()
    return event
  }

  it("are counted by day, address and user agent, in derived sessions, without their address being written", async () => {
    const token = tokenFor(server.folder)
    const key = tokenFor(server.folder, { kind: "browser", scopes: ["events:write"], origins: [origin] })
    const first = await send(key, { events: [nameless(), nameless()] })
    assert.deepInclude(await first.json(), { stored: 2, refused: 0 })
    await send(key, { events: [nameless()] }, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Firefox/140.0")
    assert.strictEqual(await countEvents(server, token, 3), 3)
    const { body } = await ask(server, "POST", "/analytics/query", {
      token,
      body: {
        date_range: { from: "2020-01-01", to: "2029-12-31" },
        metrics: ["people", "sessions"],
        dimensions: ["session_id"]
      }
    })
    assert.deepStrictEqual(body["totals"], { people: 2, sessions: 2 })
    assert.strictEqual((body["rows"] as ReadonlyArray<unknown>).length, 1)
    const log = filesOf(server.folder).log
    const lines = readdirSync(log)
      .filter((name) => name.endsWith(".log"))
      .map((name) => readFileSync(resolve(log, name), "utf8"))
    assert.notInclude(lines.join(), "127.0.0.1")
    assert.notInclude(lines.join(), "rv:140.0")
  })

  it("need a browser key: a server names its visitors; an event that names a session names its device too", async () => {
    const key = tokenFor(server.folder, { kind: "browser", scopes: ["events:write"], origins: [origin] })
    const answers = [
      await send(tokenFor(server.folder), { events: [nameless()] }),
      await ask(server, "POST", "/analytics/events/ingest", { token: tokenFor(server.folder), body: nameless() }),
      await send(key, { events: [{ ...nameless(), session_id: "s" }] })
    ]
    assert.strictEqual(answers[0]!.status, 401)
    assert.strictEqual(answers[1]!.status, 400)
    const { results } = (await (answers[2] as Response).json()) as { results: ReadonlyArray<{ errors: unknown }> }
    assert.deepStrictEqual(results[0]!.errors, [
      { pointer: "/events/0/anonymous_id", code: "missing", detail: "anonymous_id is required" }
    ])
  })
})
