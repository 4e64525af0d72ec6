import { appendFileSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { ask, countEvents, eventOf, freshFolder, spawnServer, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

const kills = 20
const senders = 8

/** Sends single events and small batches until told to stop; answers the ids that were acknowledged. */
const load = (server: ServerProcess, token: string) => {
  const acknowledged = new Set<string>()
  let stopped = false
  const send = async (number: number) => {
    while (!stopped) {
      const events = Array.from({ length: number % 2 === 0 ? 1 : 20 }, () =>
        eventOf({ properties: { email: `p${number}@example.com` } })
      )
      const single = events.length === 1
      try {
        const answer = await ask(server, "POST", `/analytics/events/${single ? "ingest" : "batch"}`, {
          token,
          body: single ? events[0] : { events }
        })
        if (answer.status === 200) for (const event of events) acknowledged.add(event.event_id)
      } catch {
        // The connection broke: nothing was acknowledged.
      }
    }
  }
  const all = Array.from({ length: senders }, (_, number) => send(number))
  return { acknowledged, stop: () => Promise.all([Promise.resolve((stopped = true)), ...all]) }
}

/** Every id that the service counts, by pages of its explorer. */
const storedIds = async (server: ServerProcess, token: string): Promise<ReadonlyArray<string>> => {
  const ids: Array<string> = []
  let cursor: string | null = null
  do {
    const page = await ask(
      server,
      "GET",
      `/analytics/events?limit=100${cursor === null ? "" : `&cursor=${cursor as string}`}`,
      { token }
    )
    ids.push(...(page.body["items"] as ReadonlyArray<{ event_id: string }>).map((item) => item.event_id))
    cursor = page.body["next"] as string | null
  } while (cursor !== null)
  return ids
}

describe("a crash", () => {
  it(
    `loses and doubles no acknowledged event over ${kills} kills at random under load`,
    { timeout: 240_000 },
    async () => {
      const folder = freshFolder()
      const token = tokenFor(folder)
      const acknowledged = new Set<string>()
      for (let round = 0; round < kills; round += 1) {
        const server = await startServer(folder)
        const sending = load(server, token)
        await new Promise((done) => setTimeout(done, 50 + Math.random() * 250))
        await server.kill("SIGKILL")
        await sending.stop()
        for (const id of sending.acknowledged) acknowledged.add(id)
      }
      const server = await startServer(folder)
      try {
        assert.isAbove(acknowledged.size, kills)
        await countEvents(server, token, acknowledged.size)
        const stored = await storedIds(server, token)
        assert.strictEqual(new Set(stored).size, stored.length)
        const known = new Set(stored)
        assert.deepStrictEqual(
          [...acknowledged].filter((id) => !known.has(id)),
          []
        )
      } finally {
        await server.kill("SIGTERM")
      }
    }
  )

  it("is not felt by requests that a stopping server has accepted", { timeout: 60_000 }, async () => {
    const folder = freshFolder()
    const token = tokenFor(folder)
    const server = await startServer(folder)
    const sending = load(server, token)
    await new Promise((done) => setTimeout(done, 500))
    const ended = await server.kill("SIGTERM")
    await sending.stop()
    assert.deepStrictEqual(ended, { code: 0, signal: null })
    const again = await startServer(folder)
    try {
      assert.isAtLeast(await countEvents(again, token, sending.acknowledged.size), sending.acknowledged.size)
    } finally {
      await again.kill("SIGTERM")
    }
  })

  it(
    "of the event store's file alone is mended from the log, and a torn end of the log is cut",
    { timeout: 60_000 },
    async () => {
      const folder = freshFolder()
      const token = tokenFor(folder)
      const first = await startServer(folder)
      const events = Array.from({ length: 300 }, () => eventOf())
      await ask(first, "POST", "/analytics/events/batch", { token, body: { events } })
      assert.strictEqual(await countEvents(first, token, 300), 300)
      await first.kill("SIGTERM")
      for (const name of readdirSync(folder).filter((each) => each.startsWith("events.duckdb")))
        rmSync(join(folder, name), { recursive: true })
      const segment = readdirSync(join(folder, "log"))
        .filter((name) => name.endsWith(".log"))
        .toSorted()
        .at(-1)!
      appendFileSync(join(folder, "log", segment), '{"v":1,"event_id":"half a li')
      const second = await startServer(folder)
      try {
        assert.strictEqual(await countEvents(second, token, 300), 300)
      } finally {
        await second.kill("SIGTERM")
      }
    }
  )
})

describe("poison", () => {
  it("becomes dead letters, can be redriven, and the events behind it go on", { timeout: 60_000 }, async () => {
    const folder = freshFolder()
    const token = tokenFor(folder)
    const first = await startServer(folder)
    await ask(first, "POST", "/analytics/events/ingest", { token, body: eventOf() })
    await first.kill("SIGTERM")
    const segment = join(
      folder,
      "log",
      readdirSync(join(folder, "log")).find((name) => name.endsWith(".log"))!
    )
    const good = (id: string) =>
      JSON.stringify({
        v: 1,
        event_id: id,
        workspace: "default",
        event_type: "x",
        anonymous_id: "a",
        time: Date.now(),
        received_at: Date.now() * 1000,
        index: 0,
        timestamp: Date.now(),
        properties: {}
      })
    const poison = [
      '{"v":1,"event_id":"not json}',
      good(crypto.randomUUID()).replace('"v":1', '"v":99'),
      good(crypto.randomUUID()).replace('"time":', '"time":"x","was":')
    ]
    for (let index = 0; index < 300; index += 1)
      appendFileSync(segment, `${index % 100 === 50 ? poison[Math.floor(index / 100)]! : good(crypto.randomUUID())}\n`)
    const second = await startServer(folder)
    try {
      assert.strictEqual(await countEvents(second, token, 298), 298)
      const letters = await ask(second, "GET", "/platform/dead-letters", { token })
      const items = letters.body["items"] as ReadonlyArray<{ id: string; reason: string }>
      assert.deepStrictEqual(items.map((each) => each.reason).toSorted(), [
        "invalid_event",
        "malformed_line",
        "unknown_version"
      ])
      const metrics = await (await fetch(second.metricsUrl)).text()
      const counted = metrics.split("\n").filter((line) => line.startsWith("marketing_dead_letters_total{"))
      assert.strictEqual(counted.length, 3)
      for (const line of counted) assert.match(line, / 1$/)
      const redriven = await ask(second, "POST", `/platform/dead-letters/${items[0]!.id}/redrive`, { token })
      assert.strictEqual(redriven.status, 204)
      // The line is as bad as before: it comes back, and new events are counted behind it.
      await ask(second, "POST", "/analytics/events/ingest", { token, body: eventOf() })
      assert.strictEqual(await countEvents(second, token, 299), 299)
      const after = await ask(second, "GET", "/platform/dead-letters", { token })
      assert.strictEqual((after.body["items"] as ReadonlyArray<unknown>).length, 3)
    } finally {
      await second.kill("SIGTERM")
    }
  })
})

describe("a start", () => {
  it("names every mistake of the configuration at once", async () => {
    const server = await spawnServer(freshFolder(), {
      PORT: "99999",
      TRUSTED_HOPS: "many",
      RATE_LIMITS: "ingest=1,tea=5"
    })
    assert.deepStrictEqual(await server.ended, { code: 1, signal: null })
    for (const mistake of ["PORT=99999", "TRUSTED_HOPS=many", "tea=5"]) assert.include(server.output(), mistake)
  })

  it("on a folder in use stops with one line that names the process", async () => {
    const first = await startServer()
    try {
      const second = await spawnServer(first.folder)
      assert.deepStrictEqual(await second.ended, { code: 1, signal: null })
      assert.match(second.output().trim(), /^The data folder .* is in use by process \d+\. Stop it first.*$/)
      assert.include(second.output(), String(first.pid))
    } finally {
      await first.kill("SIGTERM")
    }
  })

  it("prints the address, the folder and a line to paste", async () => {
    const server = await startServer()
    await server.kill("SIGTERM")
    for (const text of [server.url, server.folder, "curl -X POST", "/docs"]) assert.include(server.output(), text)
  })
})
