import { rmSync, symlinkSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import { ask, countEvents, eventOf, freshFolder, limitFiles, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

const ingest = (server: ServerProcess, token: string, event: object) =>
  ask(server, "POST", "/analytics/events/ingest", { token, body: event })

const isFull = (answer: Answer): void => {
  assert.strictEqual(answer.status, 507, JSON.stringify(answer.body))
  assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
  assert.strictEqual(answer.body["type"], "https://broxiva.dev/problems/storage-full")
  assert.match(String(answer.body["detail"]), /no room on the disk; nothing was stored/)
  assert.isAtLeast(Number(answer.headers.get("retry-after")), 1)
}

const fullParts = async (server: ServerProcess): Promise<Array<string>> => {
  const health = await ask(server, "GET", "/health/ready")
  const parts = health.body["parts"] as ReadonlyArray<{ name: string; reason?: string }>
  return parts.filter(({ reason }) => reason === "full").map(({ name }) => name)
}

/** Asked until it holds; fails with the last answer. */
const eventually = async <A>(look: () => Promise<A>, holds: (found: A) => boolean): Promise<A> => {
  const deadline = Date.now() + 15_000
  for (;;) {
    const found = await look()
    if (holds(found)) return found
    if (Date.now() > deadline) throw new Error(`still: ${JSON.stringify(found)}`)
    await new Promise((done) => setTimeout(done, 100))
  }
}

describe("a full disk", () => {
  it(
    "refuses what must be written, names the parts, reads on, loses nothing, and is over when there is room",
    { timeout: 60_000 },
    async () => {
      const folder = freshFolder()
      const token = tokenFor(folder)
      const server = await startServer(folder)
      let again: ServerProcess | undefined
      try {
        const kept = Array.from({ length: 50 }, (_, number) =>
          eventOf({ anonymous_id: `kept-${number}`, properties: { email: `kept-${number}@example.com` } })
        )
        await ask(server, "POST", "/analytics/events/batch", { token, body: { events: kept } })
        assert.strictEqual(await countEvents(server, token, 50), 50)

        limitFiles(server, 1)
        const plain = eventOf()
        const personal = eventOf({ anonymous_id: "new", properties: { email: "new@example.com" } })
        isFull(await ingest(server, token, plain))
        isFull(await ingest(server, token, personal))
        const batch = Array.from({ length: 100 }, () => eventOf())
        isFull(await ask(server, "POST", "/analytics/events/batch", { token, body: { events: batch } }))
        isFull(await ask(server, "POST", "/platform/keys", { token, body: { name: "a key", scopes: ["*"] } }))
        assert.sameMembers(
          await eventually(
            () => fullParts(server),
            (parts) => parts.length === 3
          ),
          ["event_log", "documents", "subject_keys"]
        )
        assert.strictEqual((await ask(server, "GET", "/health/live")).status, 200)

        assert.strictEqual(await countEvents(server, token, 50), 50)
        const person = await ask(server, "GET", "/analytics/persons/kept-7", { token })
        assert.strictEqual(person.status, 200)
        assert.deepStrictEqual((await ask(server, "GET", "/platform/keys", { token })).body["items"], [])

        limitFiles(server, "unlimited")
        await eventually(
          () => fullParts(server),
          (parts) => parts.length === 0
        )
        for (const event of [plain, personal]) {
          const answer = await ingest(server, token, event)
          assert.deepStrictEqual(answer.body, { event_id: event.event_id })
        }
        const stored = await ask(server, "POST", "/analytics/events/batch", { token, body: { events: batch } })
        assert.strictEqual(stored.body["stored"], 100)
        assert.strictEqual(
          (await ask(server, "POST", "/platform/keys", { token, body: { name: "a key", scopes: ["*"] } })).status,
          201
        )
        assert.strictEqual(await countEvents(server, token, 152), 152)

        await server.kill("SIGKILL")
        again = await startServer(folder)
        assert.strictEqual(await countEvents(again, token, 152), 152)
        assert.strictEqual(
          ((await ask(again, "GET", "/platform/keys", { token })).body["items"] as Array<unknown>).length,
          1
        )
      } finally {
        await server.kill("SIGKILL")
        await again?.kill("SIGTERM")
      }
    }
  )

  it(
    "of the event store alone keeps taking events, says so, and catches up when there is room",
    { timeout: 60_000 },
    async () => {
      const folder = freshFolder()
      const token = tokenFor(folder)
      const server = await startServer(folder)
      try {
        const send = async (count: number) => {
          for (let sent = 0; sent < count; sent += 1)
            assert.strictEqual((await ingest(server, token, eventOf())).status, 200)
        }
        await send(20)
        assert.strictEqual(await countEvents(server, token, 20), 20)

        // What is written to this device finds no room, whoever writes.
        const scratch = `${filesOf(folder).events}.scratch.ndjson`
        rmSync(scratch, { force: true })
        symlinkSync("/dev/full", scratch)
        await send(20)
        await eventually(
          () => fullParts(server),
          (parts) => parts.includes("consumer_index")
        )
        assert.strictEqual(await countEvents(server, token, 20), 20)
        await send(20)

        rmSync(scratch)
        assert.strictEqual(await countEvents(server, token, 60), 60)
        await eventually(
          () => fullParts(server),
          (parts) => parts.length === 0
        )
      } finally {
        await server.kill("SIGTERM")
      }
    }
  )
})
