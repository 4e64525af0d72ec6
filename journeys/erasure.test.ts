import { Effect, Layer } from "effect"
import { rmSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import * as FileRootKeys from "../adapters/files/RootKeys.ts"
import * as SqliteSubjectKeys from "../adapters/sqlite/SubjectKeys.ts"
import { SubjectKeys } from "../ports/privacy/SubjectKeys.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"
import { ask, countEvents, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"

const emailOf = (name: string) => `${name}@example.com`

const signUp = (name: string, device: string) =>
  eventOf({
    event_type: "user_signed_up",
    anonymous_id: device,
    user_id: name,
    properties: { email: emailOf(name), traits: { email: emailOf(name) } }
  })

/** Destroys keys in the folder of a service that does not run. */
const destroyKeys = (folder: string, subjects: ReadonlyArray<string>): Promise<void> => {
  const { rootKey, subjectKeys } = filesOf(folder)
  const keys = Layer.provide(
    SqliteSubjectKeys.layer({ file: subjectKeys }),
    FileRootKeys.layer({ file: rootKey, isNeeded: () => true })
  )
  return Effect.flatMap(SubjectKeys, (port) => port.destroy(WorkspaceId.make("default"), subjects)).pipe(
    Effect.provide(keys),
    Effect.runPromise
  )
}

describe("whose keys are destroyed", () => {
  it("is in nothing that is built anew from the log, and their later events are answered and not kept", async () => {
    const folder = freshFolder()
    const token = tokenFor(folder)
    const before = await startServer(folder, { LAKE_SECONDS: "1" })
    const [ada, ben] = [signUp("ada", "tablet"), signUp("ben", "shared")]
    const events = [ada, ben, eventOf({ anonymous_id: "phone" }), eventOf({ anonymous_id: "tablet", user_id: "ada" })]
    const sent = await ask(before, "POST", "/analytics/events/batch", { token, body: { events } })
    assert.strictEqual(sent.body["stored"], 4, JSON.stringify(sent.body))
    assert.strictEqual(await countEvents(before, token, 4), 4)
    await before.kill("SIGTERM")

    await destroyKeys(folder, ["ada", "tablet", "shared"])
    for (const end of ["", ".wal"]) rmSync(`${filesOf(folder).events}${end}`, { force: true })
    rmSync(filesOf(folder).lake, { recursive: true, force: true })
    const after = await startServer(folder, { LAKE_SECONDS: "1" })
    try {
      assert.strictEqual(await countEvents(after, token, 2), 2)
      assert.strictEqual((await ask(after, "GET", "/analytics/persons/ada", { token })).status, 404)
      const other = await ask(after, "GET", "/analytics/persons/ben", { token })
      assert.strictEqual((other.body["traits"] as { email: string }).email, emailOf("ben"))

      const send = (body: unknown, path: string) => ask(after, "POST", `/analytics/events/${path}`, { token, body })
      const plain = eventOf({ anonymous_id: "elsewhere", user_id: "ada" })
      const one = await send(plain, "ingest")
      assert.isBelow(one.status, 300)
      assert.deepStrictEqual(one.body, { event_id: plain.event_id, dropped: "erased" })
      const mixed = [ada, eventOf({ anonymous_id: "tablet" }), eventOf({ anonymous_id: "shared", user_id: "ben" })]
      const many = await send({ events: mixed }, "batch")
      assert.deepInclude(many.body, { stored: 1, dropped: 2 })
      const results = many.body["results"] as ReadonlyArray<{ readonly status: string; readonly dropped?: string }>
      assert.deepStrictEqual(
        results.map(({ dropped, status }) => dropped ?? status),
        ["erased", "erased", "stored"]
      )
      assert.strictEqual(await countEvents(after, token, 3), 3)

      const query = "select coalesce(user_id, anonymous_id) as who, count(*)::integer from events group by 1 order by 1"
      const expected = [
        ["ben", 2],
        ["phone", 1]
      ]
      const deadline = Date.now() + 20_000
      let rows: unknown
      do {
        rows = (await ask(after, "POST", "/analytics/sql", { token, body: { query } })).body["rows"]
        await new Promise((done) => setTimeout(done, 200))
      } while (JSON.stringify(rows) !== JSON.stringify(expected) && Date.now() < deadline)
      assert.deepStrictEqual(rows, expected)
    } finally {
      await after.kill("SIGKILL")
    }
  })
})
