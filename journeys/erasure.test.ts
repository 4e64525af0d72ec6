import { Effect, Layer } from "effect"
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import * as FileRootKeys from "../adapters/files/RootKeys.ts"
import * as SqliteDocumentStore from "../adapters/sqlite/DocumentStore.ts"
import * as SqliteSubjectKeys from "../adapters/sqlite/SubjectKeys.ts"
import { pendingErasures } from "../domain/analytics/workflows/erasePerson.ts"
import { verifyReceipt } from "../domain/privacy/receipts.ts"
import { Collections, DocumentStore } from "../ports/documents/DocumentStore.ts"
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

/** Leaves an erasure in the folder of a service that does not run, as one that ended between its begin and its end. */
const breakOffErasure = (folder: string, user: string): Promise<unknown> => {
  const id = crypto.randomUUID()
  const actor = { workspace: "default", keyId: "test", from: undefined, requestId: id }
  const data = { id, actor, person: "", subjects: [user], requested_at: Date.now() }
  const layer = Layer.provide(
    SqliteDocumentStore.layer({ file: filesOf(folder).documents }),
    Layer.succeed(Collections, [pendingErasures])
  )
  return Effect.flatMap(DocumentStore, (documents) =>
    documents.commit(WorkspaceId.make("all-workspaces"), {
      writes: [
        { kind: "put", collection: pendingErasures.name, id, expected: 0, schema_version: 1, subjects: [], data }
      ]
    })
  ).pipe(Effect.provide(layer), Effect.runPromise)
}

/** Files below the folder that hold the text. */
const filesWith = (folder: string, text: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile() && readFileSync(file).includes(text))

/** The receipt, as soon as nothing is left to be done. */
const receiptOnceCompleted = async (
  server: Awaited<ReturnType<typeof startServer>>,
  token: string,
  path: string,
  deadline: number
) => {
  for (;;) {
    const { body, status } = await ask(server, "GET", path, { token })
    assert.strictEqual(status, 200, JSON.stringify(body))
    if (body["completed_at"] !== null || Date.now() > deadline) return body
    await new Promise((done) => setTimeout(done, 100))
  }
}

describe("an erased person", () => {
  it("is gone at once and for good, others stay, and a signed receipt says what was done", async () => {
    const folder = freshFolder()
    const token = tokenFor(folder)
    const before = await startServer(folder, { LAKE_SECONDS: "1" })
    const events = [
      signUp("ada", "phone"),
      eventOf({ anonymous_id: "phone" }),
      signUp("ada", "shared"),
      signUp("ben", "shared"),
      eventOf({ anonymous_id: "tablet", user_id: "old-ada" }),
      signUp("carl", "laptop")
    ]
    const sent = await ask(before, "POST", "/analytics/events/batch", { token, body: { events } })
    assert.strictEqual(sent.body["stored"], 6, JSON.stringify(sent.body))
    assert.strictEqual(await countEvents(before, token, 6), 6)
    const merge = { from: "old-ada", into: "ada", force: true }
    assert.strictEqual((await ask(before, "POST", "/analytics/persons/merge", { token, body: merge })).status, 201)
    const list = { name: "Guests", membership: { kind: "static" } }
    const cohort = await ask(before, "POST", "/analytics/cohorts", { token, body: list })
    assert.strictEqual(cohort.status, 201, JSON.stringify(cohort.body))
    const members = `/analytics/cohorts/${String(cohort.body["id"])}/members`
    const added = await ask(before, "POST", members, { token, body: { people: ["ada", "ben"] } })
    assert.strictEqual(added.status, 200, JSON.stringify(added.body))

    const erase = (id: string) => ask(before, "POST", `/analytics/persons/${id}/erase`, { token })
    assert.strictEqual((await erase("nobody")).status, 404)
    const erased = await erase("ada")
    assert.strictEqual(erased.status, 200, JSON.stringify(erased.body))
    const { signed, ...receipt } = erased.body
    assert.notInclude(JSON.stringify(receipt), "ada")
    assert.strictEqual(receipt["subjects"], 4)
    const stores = receipt["stores"] as ReadonlyArray<{ readonly store: string; readonly removed: number | null }>
    const removed = Object.fromEntries(stores.map((each) => [each.store, each.removed]))
    assert.deepInclude(removed, { subject_keys: 1, event_store: 4, cohorts: 1, merges: 1, event_log: null })
    const keySet = (await ask(before, "GET", "/platform/receipt-keys")).body
    assert.deepStrictEqual(await verifyReceipt(String(signed), keySet as never), receipt)
    const kept = `/analytics/erasures/${String(receipt["id"])}`
    assert.deepStrictEqual((await ask(before, "GET", kept, { token })).body, erased.body)
    assert.isNull(receipt["completed_at"])
    assert.strictEqual((await ask(before, "GET", "/analytics/persons/ada", { token })).status, 404)
    assert.strictEqual(await countEvents(before, token, 2), 2)
    const again = await erase("ada")
    assert.strictEqual(again.status, 200, JSON.stringify(again.body))

    const later = eventOf({ anonymous_id: "phone" })
    const answer = await ask(before, "POST", "/analytics/events/ingest", { token, body: later })
    assert.deepStrictEqual(answer.body, { event_id: later.event_id, dropped: "erased" })
    await before.kill("SIGTERM")
    assert.deepStrictEqual(filesWith(folder, emailOf("ada")), [])

    assert.isNotEmpty(filesWith(filesOf(folder).log, '"ada"'))
    for (const end of ["", ".wal"]) rmSync(`${filesOf(folder).events}${end}`, { force: true })
    await breakOffErasure(folder, "carl")
    const after = await startServer(folder)
    try {
      const deadline = Date.now() + 20_000
      const rewritten = await receiptOnceCompleted(after, token, kept, deadline)
      assert.deepStrictEqual(filesWith(filesOf(folder).log, '"ada"'), [])
      assert.isNotEmpty(filesWith(filesOf(folder).log, '"ben"'))
      const rotated = await ask(after, "POST", "/platform/receipt-keys/rotate", { token })
      assert.strictEqual(rotated.status, 200, JSON.stringify(rotated.body))
      const { signed: signedAgain, ...said } = rewritten
      assert.deepStrictEqual(await verifyReceipt(String(signedAgain), rotated.body as never), said)
      const log = (said["stores"] as ReadonlyArray<Record<string, unknown>>).find(
        (each) => each["store"] === "event_log"
      )
      assert.isString(log?.["rewritten_at"])
      assert.strictEqual((await ask(after, "GET", "/analytics/erasures", { token })).status, 200)
      const isAnsweredErased = async () => {
        const event = eventOf({ user_id: "carl" })
        const { body } = await ask(after, "POST", "/analytics/events/ingest", { token, body: event })
        return body["dropped"] === "erased"
      }
      while ((await ask(after, "GET", "/analytics/persons/carl", { token })).status !== 404 && Date.now() < deadline)
        await new Promise((done) => setTimeout(done, 50))
      assert.strictEqual((await ask(after, "GET", "/analytics/persons/carl", { token })).status, 404)
      assert.isTrue(await isAnsweredErased())
      assert.strictEqual(await countEvents(after, token, 1), 1)
      assert.strictEqual((await ask(after, "GET", "/analytics/persons/ada", { token })).status, 404)
      const other = await ask(after, "GET", "/analytics/persons/ben", { token })
      assert.strictEqual((other.body["traits"] as { email: string }).email, emailOf("ben"))
    } finally {
      await after.kill("SIGKILL")
    }
  })
})

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
