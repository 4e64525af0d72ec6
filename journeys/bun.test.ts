import { execFileSync } from "node:child_process"
import { cpSync, existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { assert, describe, it } from "vitest"
import { ask, countEvents, eventOf, freshFolder, spawnServer, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

const root = resolve(import.meta.dirname, "..")
const bun = join(root, "node_modules/@oven/bun-linux-x64/bin/bun")
const isInstalled = existsSync(bun)

const startOnBun = (folder: string) => startServer(folder, {}, bun)

/** The next event that the stream shows, once it is open. */
const watch = async (server: ServerProcess, token: string) => {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/analytics/realtime/stream`, [token])
  await new Promise((done, failed) => {
    socket.addEventListener("open", done)
    socket.addEventListener("error", failed)
  })
  const next = new Promise<{ event_id: string }>((done) =>
    socket.addEventListener("message", ({ data }) => done(JSON.parse(String(data)) as { event_id: string }))
  )
  const closed = new Promise<number>((done) => socket.addEventListener("close", ({ code }) => done(code)))
  return { next, closed }
}

const identified = () =>
  eventOf({
    event_type: "user_identified",
    anonymous_id: "device",
    user_id: "ada",
    properties: { traits: { email: "ada@example.com", plan: "gold" } }
  })

const traitsOf = async (server: ServerProcess, token: string) =>
  (await ask(server, "GET", "/analytics/persons/ada", { token })).body["traits"] as object

describe.runIf(isInstalled)("on Bun", () => {
  it("the pure domain answers as on Node", () => {
    const output = execFileSync(bun, ["run", "scripts/smoke.ts"], { cwd: root, encoding: "utf8" })
    assert.match(output, /^Bun 1\..*: the domain answers right\n$/)
  })

  it("the service ingests, answers, streams, counts, and stops", { timeout: 120_000 }, async () => {
    const folder = freshFolder()
    const token = tokenFor(folder)
    const server = await startOnBun(folder)
    try {
      const watching = await watch(server, token)
      const event = identified()
      assert.strictEqual((await ask(server, "POST", "/analytics/events/ingest", { token, body: event })).status, 200)
      assert.strictEqual((await watching.next).event_id, event.event_id)
      const events = Array.from({ length: 500 }, () => eventOf())
      const batch = await ask(server, "POST", "/analytics/events/batch", {
        token,
        body: { events: [event, ...events] }
      })
      assert.deepInclude(batch.body as object, { stored: 500, duplicates: 1 })
      assert.strictEqual(await countEvents(server, token, 501), 501)
      assert.deepInclude(await traitsOf(server, token), { email: "ada@example.com", plan: "gold" })
      const refused = await ask(server, "POST", "/analytics/events/ingest", { token, body: eventOf({ wrong: 1 }) })
      assert.strictEqual(refused.status, 400)
      assert.strictEqual(refused.headers.get("content-type"), "application/problem+json")
      const second = await spawnServer(folder, {}, bun)
      assert.deepStrictEqual(await second.ended, { code: 1, signal: null })
      assert.include(second.output(), `in use by process ${server.pid}`)
      assert.include(await (await fetch(server.metricsUrl)).text(), 'outcome="stored"} 501')
      const stopped = server.kill("SIGTERM")
      assert.strictEqual(await watching.closed, 1001)
      assert.deepStrictEqual(await stopped, { code: 0, signal: null })
    } finally {
      await server.kill("SIGKILL")
    }
  })

  it("a folder goes back and forth between the runtimes, also after kill -9", { timeout: 120_000 }, async () => {
    const folder = freshFolder()
    const token = tokenFor(folder)
    const first = await startOnBun(folder)
    await ask(first, "POST", "/analytics/events/ingest", { token, body: identified() })
    await first.kill("SIGKILL")
    const copy = freshFolder()
    cpSync(folder, copy, { recursive: true })
    for (const start of [startServer, startOnBun]) {
      const server = await start(start === startServer ? folder : copy)
      try {
        assert.strictEqual(await countEvents(server, token, 1), 1)
        assert.deepInclude(await traitsOf(server, token), { email: "ada@example.com" })
      } finally {
        await server.kill("SIGTERM")
      }
    }
  })
})
