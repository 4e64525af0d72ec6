import { appendFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { ask, countEvents, eventOf, freshFolder, spawnServer, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

const kills = 20
const senders = 8
const people = 40
const batchEvents = 20

interface Event {
  readonly event_id: string
  readonly event_type: string
  readonly user_id: string
  readonly anonymous_id: string
  readonly properties: { readonly amount: number; readonly email: string; readonly traits?: { readonly email: string } }
}

/** Every tenth says who somebody is. */
const makeEvent = (number: number): Event => {
  const person = `person-${number % people}`
  const about = number % 10 === 0 ? { traits: { email: `${person}@example.com` } } : {}
  return {
    ...eventOf(),
    event_type: number % 10 === 0 ? "user_signed_up" : "page_view",
    anonymous_id: `device-of-${person}`,
    user_id: person,
    properties: { amount: (number % 7) + 1, email: `${person}@example.com`, ...about }
  }
}

/** What clients know: what they have sent, and what was acknowledged; what was not, they send again. */
class Clients {
  readonly sent = new Map<string, Event>()
  readonly acknowledged = new Set<string>()
  #again: Array<ReadonlyArray<Event>> = []

  /** Single events and small batches, until the server is gone. */
  async load(server: ServerProcess, token: string): Promise<void> {
    await Promise.all(
      Array.from({ length: senders }, async (_, sender) => {
        while (await this.send(server, token, this.#again.pop() ?? this.#make(sender))) continue
      })
    )
  }

  async retryAll(server: ServerProcess, token: string): Promise<void> {
    const left = this.#again
    this.#again = []
    for (const events of left) assert.isTrue(await this.send(server, token, events))
  }

  /** Answers whether the events were acknowledged. */
  async send(server: ServerProcess, token: string, events: ReadonlyArray<Event>): Promise<boolean> {
    const single = events.length === 1
    try {
      const answer = await ask(server, "POST", `/analytics/events/${single ? "ingest" : "batch"}`, {
        token,
        body: single ? events[0] : { events }
      })
      assert.strictEqual(answer.status, 200)
      for (const { event_id } of events) this.acknowledged.add(event_id)
      return true
    } catch (failure) {
      if (!(failure instanceof TypeError || failure instanceof SyntaxError)) throw failure
      this.#again.push(events)
      return false
    }
  }

  #make(sender: number): ReadonlyArray<Event> {
    const events = Array.from({ length: sender % 2 === 0 ? 1 : batchEvents }, () => {
      const event = makeEvent(this.sent.size)
      this.sent.set(event.event_id, event)
      return event
    })
    return events
  }
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
    `loses and doubles nothing over ${kills} kills at random under load, whoever sends again`,
    { timeout: 600_000 },
    async () => {
      const folder = freshFolder()
      const token = tokenFor(folder)
      const clients = new Clients()
      for (let round = 0; round < kills; round += 1) {
        const server = await startServer(folder)
        const loading = clients.load(server, token)
        await new Promise((done) => setTimeout(done, 50 + Math.random() * 250))
        await server.kill("SIGKILL")
        await loading
      }
      const server = await startServer(folder)
      try {
        assert.isAbove(clients.acknowledged.size, kills)
        await clients.retryAll(server, token)
        // What was acknowledged before is a duplicate when it is sent once more.
        const all = [...clients.sent.values()]
        assert.strictEqual(clients.acknowledged.size, all.length)
        for (let at = 0; at < all.length; at += 1000) {
          const events = all.slice(at, at + 1000)
          const answer = await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
          assert.deepInclude(answer.body, { stored: 0, duplicates: events.length })
        }
        const one = await ask(server, "POST", "/analytics/events/ingest", { token, body: all[0] })
        assert.deepStrictEqual(one.body, { event_id: all[0]!.event_id, duplicate: true })

        assert.strictEqual(await countEvents(server, token, all.length), all.length)
        const stored = await storedIds(server, token)
        assert.sameMembers([...stored], [...clients.sent.keys()])
        const totals = await ask(server, "POST", "/analytics/query", {
          token,
          body: {
            date_range: { from: "2020-01-01", to: "2029-12-31" },
            metrics: ["events", "people", "sum:amount"]
          }
        })
        assert.deepStrictEqual(totals.body["totals"], {
          events: all.length,
          people: Math.min(people, all.length),
          "sum:amount": all.reduce((sum, { properties }) => sum + properties.amount, 0)
        })
        // Keys of people were written by processes that were killed: what they seal still opens.
        const named = new Set(
          all.filter(({ event_type }) => event_type === "user_signed_up").map(({ user_id }) => user_id)
        )
        for (const person of named) {
          const found = await ask(server, "GET", `/analytics/persons/${person}`, { token })
          assert.strictEqual((found.body["traits"] as { email: string }).email, `${person}@example.com`)
        }
      } finally {
        await server.kill("SIGTERM")
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

  it("loses no count of dropped events but those of the last moment", async () => {
    const folder = freshFolder()
    const token = tokenFor(folder)
    const first = await startServer(folder)
    const bot = eventOf({ context: { user_agent: "Googlebot/2.1 (+http://www.google.com/bot.html)" } })
    const answer = await ask(first, "POST", "/analytics/events/ingest", { token, body: bot })
    assert.strictEqual(answer.headers.get("x-event-dropped"), "bot")
    await new Promise((done) => setTimeout(done, 500))
    await first.kill("SIGKILL")
    const second = await startServer(folder)
    const counted = await ask(second, "GET", "/analytics/events/dropped", { token })
    await second.kill("SIGTERM")
    assert.deepStrictEqual(
      (counted.body["items"] as ReadonlyArray<{ reason: string; events: number }>).map(({ events, reason }) => [
        reason,
        events
      ]),
      [["bot", 1]]
    )
  })
})
