import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Collections, DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { Collection } from "../../ports/documents/DocumentStore.ts"
import { suite, suiteCollections } from "../../ports/documents/DocumentStore.suite.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { open } from "./Database.ts"
import { layer } from "./DocumentStore.ts"
import { groupCommit } from "./GroupCommit.ts"

const freshFile = (): string => join(mkdtempSync(join(tmpdir(), "documents-")), "documents.sqlite")
const store = (file: string, collections: ReadonlyArray<Collection> = suiteCollections) =>
  Layer.provide(layer({ file }), Layer.succeed(Collections, collections))

const one = WorkspaceId.make("one")
const thing = (id: string) => ({
  kind: "put" as const,
  collection: "things",
  id,
  expected: 0,
  schema_version: 1,
  subjects: [],
  data: { made: { at: 1 } }
})

suite("sqlite", () => store(freshFile()))

describe("sqlite DocumentStore", () => {
  it.effect("keeps documents over a restart and builds an index that was declared since", () =>
    Effect.gen(function* () {
      const file = freshFile()
      const workspace = WorkspaceId.make("one")
      const bare: Collection = { name: "things", indexes: [], unique: [] }
      yield* Effect.flatMap(DocumentStore, (documents) =>
        documents.commit(workspace, {
          writes: ["b", "a"].map((id) => ({
            kind: "put",
            collection: "things",
            id,
            expected: 0,
            schema_version: 1,
            subjects: [],
            data: { status: "on", rank: id }
          }))
        })
      ).pipe(Effect.provide(store(file, [bare])))
      const found = yield* Effect.flatMap(DocumentStore, (documents) =>
        documents.list({ workspace, collection: "things", index: "by_rank", equals: ["on"], limit: 10 })
      ).pipe(Effect.provide(store(file)))
      assert.deepStrictEqual(
        found.items.map((item) => item.id),
        ["a", "b"]
      )
    })
  )

  it.effect("removes what expired from its file, without being asked for it", () =>
    Effect.gen(function* () {
      const file = freshFile()
      yield* Effect.gen(function* () {
        const documents = yield* DocumentStore
        yield* documents.commit(one, { writes: [{ ...thing("gone"), expires_at: 1000 }, thing("stays")] })
        yield* TestClock.adjust("2 minutes")
      }).pipe(Effect.provide(store(file)))
      const database = new DatabaseSync(file)
      for (const table of ["documents", "index_entries"]) {
        assert.deepEqual(
          database
            .prepare(`select distinct id from ${table}`)
            .all()
            .map((row) => row["id"]),
          ["stays"]
        )
      }
      database.close()
      assert.deepStrictEqual(readdirSync(dirname(file)), ["documents.sqlite"])
    })
  )

  it.effect("stores the good commits of a group whose others are refused", () =>
    Effect.gen(function* () {
      const documents = yield* DocumentStore
      const exits = yield* Effect.forEach(
        ["a", "b", "a", "c", "b"],
        (id) => Effect.exit(documents.commit(one, { writes: [thing(id)] })),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, true, false, true, false])
      for (const id of ["a", "b", "c"]) assert.strictEqual((yield* documents.get(one, "things", id))?.revision, 1)
    }).pipe(Effect.provide(store(freshFile())))
  )

  it.effect("refuses a cursor that was made or changed by hand", () =>
    Effect.gen(function* () {
      const documents = yield* DocumentStore
      yield* documents.commit(one, { writes: [thing("a"), thing("b"), thing("c")] })
      const list = { workspace: one, collection: "things", index: "newest", equals: [], limit: 1 }
      const { next } = yield* documents.list(list)
      const bytes = Buffer.from(next!, "base64url")
      bytes[bytes.length - 3]! ^= 1
      const changed = yield* Effect.flip(documents.list({ ...list, cursor: bytes.toString("base64url") }))
      assert.strictEqual(changed._tag, "InvalidCursor")
      assert.strictEqual((yield* Effect.flip(documents.list({ ...list, cursor: "" })))._tag, "InvalidCursor")
    }).pipe(Effect.provide(store(freshFile())))
  )

  it.effect("does not start where documents share a value that was declared unique since", () =>
    Effect.gen(function* () {
      const file = freshFile()
      const same = (id: string) => ({ ...thing(id), data: { slug: "same" } })
      yield* Effect.flatMap(DocumentStore, (documents) =>
        documents.commit(one, { writes: [same("a"), same("b")] })
      ).pipe(Effect.provide(store(file, [{ name: "things", indexes: [], unique: [] }])))
      const failure = yield* Effect.flip(Effect.provide(Effect.asVoid(DocumentStore), store(file)))
      assert.deepInclude(failure, {
        reason: "corrupt",
        detail: "documents of things share a value of the unique field slug"
      })
    })
  )
})

describe("sqlite failures", () => {
  it.effect("tells a full medium, after which what was stored stands", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const database = yield* open("DocumentStore", freshFile(), "create table t (id integer primary key, x blob)")
        database.exec("PRAGMA max_page_count = 50")
        const insert = database.prepare("insert into t (x) values (?)")
        const write = groupCommit("DocumentStore", database)
        const put = (bytes: number) =>
          write({ operation: "commit", body: () => void insert.run(new Uint8Array(bytes)) })
        yield* put(10)
        assert.deepInclude(yield* Effect.flip(put(1_000_000)), { _tag: "PortFailure", reason: "full" })
        yield* put(20)
        assert.deepEqual(database.prepare("select length(x) as n from t").all(), [{ n: 10 }, { n: 20 }])
      })
    )
  )

  it.live("answers writes that gather while the file is closed", () =>
    Effect.gen(function* () {
      const database = new DatabaseSync(freshFile())
      database.exec("create table t (id integer primary key)")
      const insert = database.prepare("insert into t default values")
      const write = groupCommit("SubjectKeys", database, undefined, (done) => void setImmediate(done, undefined))
      const put = write({ operation: "commit", body: () => void insert.run() })
      yield* Effect.all([put, put, put], { concurrency: "unbounded" })
      const late = yield* Effect.forkChild(Effect.flip(put), { startImmediately: true })
      database.close()
      assert.deepInclude(yield* Fiber.join(late), { _tag: "PortFailure", reason: "unavailable" })
    })
  )

  it.effect("tells a file that is no database", () =>
    Effect.gen(function* () {
      const file = freshFile()
      writeFileSync(file, "not a database, but long enough to be looked at as one ".repeat(40))
      const failure = yield* Effect.flip(Effect.scoped(open("DocumentStore", file, "")))
      assert.deepInclude(failure, { reason: "corrupt", operation: "open" })
    })
  )
})
