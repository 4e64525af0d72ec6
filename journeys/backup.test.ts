import { execFile } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { assert, describe, it } from "vitest"
import { ask, countEvents, eventOf, freshFolder, spawnServer, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

const root = resolve(import.meta.dirname, "..")
const senders = 6

interface Ran {
  readonly code: number
  readonly output: string
}

const backup = (folder: string, ...words: ReadonlyArray<string>): Promise<Ran> =>
  new Promise((done) => {
    const env = { ...process.env, DATA_DIR: folder }
    execFile(process.execPath, ["scripts/backup.ts", ...words], { cwd: root, env }, (failure, stdout, stderr) =>
      done({ code: failure === null ? 0 : Number(failure.code), output: stdout + stderr })
    )
  })

const freshTarget = (): string => join(mkdtempSync(join(tmpdir(), "backup-")), "copy")

/** Sends batches with an e-mail address in each event until told to stop. */
const load = (server: ServerProcess, token: string) => {
  const acknowledged = new Set<string>()
  let stopped = false
  const send = async (sender: number) => {
    for (let batch = 0; !stopped; batch += 1) {
      const name = `p${sender}-${batch}`
      const events = Array.from({ length: 50 }, () =>
        eventOf({ user_id: name, anonymous_id: name, properties: { email: `${name}@example.com` } })
      )
      const answer = await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
      if (answer.status === 200) for (const event of events) acknowledged.add(event.event_id)
    }
  }
  const all = Array.from({ length: senders }, (_, sender) => send(sender))
  return { acknowledged, stop: () => Promise.all([Promise.resolve((stopped = true)), ...all]) }
}

const identify = (server: ServerProcess, token: string, id: string) =>
  ask(server, "POST", "/analytics/events/ingest", {
    token,
    body: eventOf({
      event_type: "user_identified",
      anonymous_id: `device-${id}`,
      user_id: id,
      properties: { traits: { email: `${id}@example.com`, plan: "gold" } }
    })
  })

const traitsOf = async (server: ServerProcess, token: string, id: string): Promise<Record<string, unknown>> => {
  const person = await ask(server, "GET", `/analytics/persons/${id}`, { token })
  assert.strictEqual(person.status, 200, JSON.stringify(person.body))
  return person.body["traits"] as Record<string, unknown>
}

const within = async <A>(folder: string, body: (server: ServerProcess, token: string) => Promise<A>): Promise<A> => {
  const server = await startServer(folder)
  try {
    return await body(server, tokenFor(folder))
  } finally {
    await server.kill("SIGTERM")
  }
}

/** What a service makes anew by itself. */
const rebuilt = /^(lake|exports|mail|lock|lock-journal|pid|events\.duckdb.*|.*-wal|.*-shm)$/

describe("a backup of a running service", () => {
  it("restores to what was acknowledged before it began, people readable", { timeout: 120_000 }, async () => {
    const folder = freshFolder()
    const to = freshTarget()
    const acknowledgedBefore = await within(folder, async (server, token) => {
      await identify(server, token, "ada")
      const sending = load(server, token)
      while (sending.acknowledged.size < 3000) await new Promise((done) => setTimeout(done, 20))
      const before = sending.acknowledged.size + 1
      const { code, output } = await backup(folder, "--to", to)
      await sending.stop()
      assert.strictEqual(code, 0, output)
      for (const text of ["documents", "event log", "keys", to, `${to}-keys`, "30 days"]) assert.include(output, text)
      const copied = Number(/(\d+) lines/.exec(output)?.[1])
      assert.isAtLeast(copied, before)
      assert.isAtMost(copied, sending.acknowledged.size + 1 + senders * 50)
      const held = readdirSync(folder).filter((name) => !rebuilt.test(name) && name !== "keys")
      assert.deepStrictEqual(readdirSync(to).toSorted(), held.toSorted())
      const keys = readdirSync(join(folder, "keys")).filter(
        (name) => !rebuilt.test(name) && !name.startsWith("visitors.")
      )
      assert.deepStrictEqual(readdirSync(`${to}-keys`).toSorted(), keys.toSorted())
      return { before, copied }
    })
    const restored = freshFolder()
    cpSync(to, restored, { recursive: true })
    cpSync(`${to}-keys`, join(restored, "keys"), { recursive: true })
    await within(restored, async (server, token) => {
      assert.strictEqual(await countEvents(server, token, acknowledgedBefore.copied), acknowledgedBefore.copied)
      assert.deepInclude(await traitsOf(server, token, "ada"), { email: "ada@example.com", plan: "gold" })
      // The keys of people whose events came during the backup are there as well.
      for (let sender = 0; sender < senders; sender += 1) {
        const page = await ask(server, "GET", `/analytics/persons?email=p${sender}-0@example.com`, { token })
        assert.strictEqual((page.body["items"] as ReadonlyArray<unknown>).length, 1)
      }
      await identify(server, token, "bob")
      assert.strictEqual(await countEvents(server, token, acknowledgedBefore.copied + 1), acknowledgedBefore.copied + 1)
    })
  })

  it("goes into new folders only, and says what is wrong in one line", async () => {
    const folder = freshFolder()
    await within(folder, (server, token) => identify(server, token, "ada"))
    const full = freshFolder()
    writeFileSync(join(full, "mine"), "")
    for (const [words, message] of [
      [["--to", full], "is not empty"],
      [["--to", freshTarget(), "--keys-to", full], "is not empty"],
      [["--to", join(folder, "backup")], "lies in the data folder"],
      [[], "usage:"],
      [["--two", "x"], "usage:"]
    ] as const) {
      const { code, output } = await backup(folder, ...words)
      assert.deepStrictEqual([code, output.trim().split("\n").length], [1, 1], output)
      assert.include(output, message)
    }
    assert.deepStrictEqual(readdirSync(full), ["mine"])
    const nothing = await backup(freshFolder(), "--to", freshTarget())
    assert.include(nothing.output, "is no data folder")
  })
})

describe("a data folder", () => {
  it("of a stopped service, copied whole, is a backup", { timeout: 60_000 }, async () => {
    const folder = freshFolder()
    await within(folder, async (server, token) => {
      await identify(server, token, "ada")
      const events = Array.from({ length: 100 }, () => eventOf())
      await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
      assert.strictEqual(await countEvents(server, token, 101), 101)
    })
    const copy = freshFolder()
    cpSync(folder, copy, { recursive: true })
    rmSync(folder, { recursive: true })
    await within(copy, async (server, token) => {
      assert.strictEqual(await countEvents(server, token, 101), 101)
      assert.deepInclude(await traitsOf(server, token, "ada"), { email: "ada@example.com" })
    })
  })

  it("without its keys is not opened with new ones", { timeout: 60_000 }, async () => {
    const folder = freshFolder()
    await within(folder, (server, token) => identify(server, token, "ada"))
    const apart = freshTarget()
    mkdirSync(apart)
    renameSync(join(folder, "keys"), join(apart, "keys"))
    tokenFor(folder)
    const refused = await spawnServer(folder)
    assert.deepStrictEqual(await refused.ended, { code: 1, signal: null })
    assert.include(refused.output(), `copy the keys' backup to ${join(folder, "keys")}`)
    rmSync(join(folder, "keys"), { recursive: true })
    renameSync(join(apart, "keys"), join(folder, "keys"))
    await within(folder, async (server, token) => {
      await countEvents(server, token, 1)
      assert.deepInclude(await traitsOf(server, token, "ada"), { email: "ada@example.com" })
    })
  })
})
