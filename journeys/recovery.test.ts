import * as fs from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import {
  ask,
  countEvents,
  eventOf,
  freePort,
  freshFolder,
  spawnServer,
  startServer,
  tokenFor
} from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

const sendBatch = async (server: ServerProcess, token: string, events: ReadonlyArray<object>) => {
  const answer = await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
  assert.strictEqual(answer.body["stored"], events.length, JSON.stringify(answer.body))
}
const events = (count: number, more: object = {}) => Array.from({ length: count }, () => eventOf({ ...more }))

/** A folder that a service has used and left, with the events. */
const usedFolder = async (given: ReadonlyArray<object>, folder = freshFolder()): Promise<string> => {
  const token = tokenFor(folder)
  const server = await startServer(folder)
  await sendBatch(server, token, given)
  assert.strictEqual(await countEvents(server, token, given.length), given.length)
  await server.kill("SIGTERM")
  return folder
}

/** What a start that ends at once prints for its operator, beside its log lines. */
const refusedStart = async (folder: string, environment: Readonly<Record<string, string>> = {}): Promise<string> => {
  const server = await spawnServer(folder, environment)
  assert.deepStrictEqual(await server.ended, { code: 1, signal: null }, server.output())
  const lines = server
    .output()
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("{"))
  assert.strictEqual(lines.length, 1, server.output())
  return lines[0]!
}

const logFile = (folder: string): string => {
  const { log } = filesOf(folder)
  return join(
    log,
    fs.readdirSync(log).find((name) => name.endsWith(".log"))!
  )
}

describe("a start that cannot be", () => {
  it("names the port that is in use, and what to set", { timeout: 120_000 }, async () => {
    const port = await freePort()
    const other = createServer().listen(port, "127.0.0.1")
    try {
      for (const name of ["PORT", "METRICS_PORT"]) {
        assert.strictEqual(
          await refusedStart(freshFolder(), { [name]: String(port) }),
          `Port ${port} of 127.0.0.1 is in use by another process. Set ${name} to a free one.`
        )
      }
    } finally {
      other.close()
    }
  })

  it("names the folder that cannot be used, and why", { timeout: 120_000 }, async () => {
    const file = join(freshFolder(), "a file")
    fs.writeFileSync(file, "")
    const below = await refusedStart(join(file, "data"))
    assert.match(below, /^The data folder .*a file\/data cannot be used: ENOTDIR.*Make it writable for this user/)
    const readOnly = freshFolder()
    fs.chmodSync(readOnly, 0o500)
    // To the superuser every folder is writable, but for those of the kernel.
    const closed = process.getuid?.() === 0 ? "/proc/broxiva" : readOnly
    assert.match(await refusedStart(join(freshFolder(), "what?")), /cannot be used: its path holds a question mark/)
    assert.match(await refusedStart(closed), /^The data folder .* cannot be used: .*set DATA_DIR to another folder\.$/)
  })

  it("names the database that cannot be read, and what to do", { timeout: 120_000 }, async () => {
    const folder = await usedFolder(events(1, { properties: { email: "a@example.com" } }))
    const { documents, rootKey, subjectKeys } = filesOf(folder)
    for (const file of [documents, subjectKeys]) {
      const whole = fs.readFileSync(file)
      fs.writeFileSync(file, "this is no database, and it is longer than the head of one would be".repeat(20))
      const line = await refusedStart(folder)
      assert.include(line, file)
      assert.match(line, /not a database: put it back from a backup/)
      fs.writeFileSync(file, whole)
    }
    const key = fs.readFileSync(rootKey)
    fs.rmSync(rootKey)
    const lost = await refusedStart(folder)
    assert.include(lost, rootKey)
    assert.match(lost, /is missing, and there is data that needs it/)
    assert.isFalse(fs.existsSync(rootKey))
    fs.writeFileSync(rootKey, key, { mode: 0o600 })
    const mended = await startServer(folder)
    try {
      assert.strictEqual(await countEvents(mended, tokenFor(folder), 1), 1)
    } finally {
      await mended.kill("SIGTERM")
    }
  })
})

describe("a folder", () => {
  it("may have spaces, quotes and letters of any script in its name", { timeout: 120_000 }, async () => {
    const folder = join(freshFolder(), "it's [my] données 数据 🦊 *")
    await usedFolder(events(3), folder)
    const again = await startServer(folder)
    try {
      assert.strictEqual(await countEvents(again, tokenFor(folder), 3), 3)
    } finally {
      await again.kill("SIGTERM")
    }
  })
})

describe("the event store", () => {
  it(
    "is built anew from the log when its file is lost: readiness says so, and events are taken meanwhile",
    { timeout: 120_000 },
    async () => {
      const folder = await usedFolder(events(1))
      const token = tokenFor(folder)
      const line = fs.readFileSync(logFile(folder), "utf8").trimEnd()
      const many = 150_000
      const id = /"event_id":"[^"]+"/
      const old = line.replace(/"received_at":\d+/, '"received_at":1700000000000000')
      const text = Array.from({ length: many }, (_, number) =>
        old.replace(id, `"event_id":"00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}"`)
      )
      fs.appendFileSync(logFile(folder), `${text.join("\n")}\n`)
      fs.rmSync(filesOf(folder).events)

      const server = await spawnServer(folder)
      try {
        let behind: unknown
        let taken = 0
        for (;;) {
          const answer = await fetch(`${server.url}/health/ready`).catch(() => undefined)
          if (answer?.ok === true) break
          if (answer === undefined) continue
          const { parts } = (await answer.json()) as { parts: ReadonlyArray<{ name: string; status: string }> }
          behind ??= parts.find(({ name, status }) => name === "consumer_index" && status === "starting")
          if (behind !== undefined && taken === 0) {
            await sendBatch(server, token, events(10))
            taken = 10
          }
        }
        assert.isDefined(behind)
        assert.strictEqual(taken, 10)
        assert.strictEqual(await countEvents(server, token, many + 11, 60_000), many + 11)
      } finally {
        await server.kill("SIGTERM")
      }
    }
  )

  it("is built anew when its file or its own log is garbled", { timeout: 120_000 }, async () => {
    const folder = freshFolder()
    const token = tokenFor(folder)
    const first = await startServer(folder)
    await sendBatch(first, token, events(500))
    assert.strictEqual(await countEvents(first, token, 500), 500)
    await first.kill("SIGKILL")
    const { events: file } = filesOf(folder)
    const garble = (name: string) => {
      const bytes = fs.readFileSync(name)
      bytes.fill(0x5a, Math.floor(bytes.length / 3), Math.floor(bytes.length / 2))
      fs.writeFileSync(name, bytes)
    }
    for (const name of [`${file}.wal`, file]) {
      garble(name)
      const server = await startServer(folder)
      assert.strictEqual(await countEvents(server, token, 500), 500, name)
      await server.kill("SIGTERM")
    }
  })
})

describe("the event log", () => {
  it("with a damaged line makes it a dead letter, counts all others, and goes on", { timeout: 60_000 }, async () => {
    const folder = await usedFolder(events(20))
    const file = logFile(folder)
    const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n")
    const bytes = fs.readFileSync(file)
    // A zero where the tenth line's first brace stood, as after a damaged block; and the last line torn in its middle.
    bytes[Buffer.byteLength(`${lines.slice(0, 9).join("\n")}\n`)] = 0
    fs.writeFileSync(file, bytes.subarray(0, bytes.length - 50))
    const { events: store } = filesOf(folder)
    for (const name of [store, `${store}.wal`]) fs.rmSync(name, { force: true })
    const token = tokenFor(folder)
    const server = await startServer(folder)
    try {
      await sendBatch(server, token, events(5))
      assert.strictEqual(await countEvents(server, token, 18 + 5), 18 + 5)
      const letters = await ask(server, "GET", "/platform/dead-letters", { token })
      const items = letters.body["items"] as ReadonlyArray<{ id: string; reason: string }>
      assert.deepStrictEqual(
        items.map(({ reason }) => reason),
        ["malformed_line"]
      )
      const letter = await ask(server, "GET", `/platform/dead-letters/${items[0]!.id}`, { token })
      assert.include(JSON.stringify(letter.body), JSON.stringify(lines[9]!.slice(1)).slice(1, -1))
    } finally {
      await server.kill("SIGTERM")
    }
  })
})

describe("a clock that is set back", () => {
  it("stops neither limits from ending nor arrival from growing", { timeout: 60_000 }, async () => {
    const folder = freshFolder()
    const [shift, preload] = [join(folder, "shift"), join(folder, "clock.mjs")]
    fs.writeFileSync(shift, "0")
    fs.writeFileSync(
      preload,
      `import { readFileSync } from "node:fs"
       const now = Date.now
       Date.now = () => now() + Number(readFileSync(${JSON.stringify(shift)}, "utf8"))`
    )
    const hour = 3_600_000
    const server = await startServer(folder, { NODE_OPTIONS: `--import=${preload}`, RATE_LIMITS: "ingest=3" })
    try {
      const limited = tokenFor(folder, { issuedAtMillis: Date.now() - 3 * hour })
      const send = () =>
        ask(server, "POST", "/analytics/events/ingest", {
          token: limited,
          body: eventOf({ timestamp: "2026-01-01T00:00:00Z" })
        })
      const statuses = async (count: number) => {
        const found: Array<number> = []
        for (let sent = 0; sent < count; sent += 1) found.push((await send()).status)
        return found
      }
      assert.include(await statuses(7), 429)
      fs.writeFileSync(shift, String(-hour))
      assert.deepStrictEqual((await statuses(2)).slice(0, 1), [200])
      const arrivals = fs
        .readFileSync(logFile(folder), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { received_at: number }).received_at)
      assert.isAtLeast(arrivals.length, 4)
      assert.deepStrictEqual(
        arrivals,
        [...new Set(arrivals)].toSorted((a, b) => a - b)
      )
    } finally {
      await server.kill("SIGTERM")
    }
  })
})
