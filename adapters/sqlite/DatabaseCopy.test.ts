import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import * as RootKeys from "../files/RootKeys.ts"
import { copyDatabase } from "./DatabaseCopy.ts"
import * as SqliteSubjectKeys from "./SubjectKeys.ts"

const freshFolder = (): string => fs.mkdtempSync(join(tmpdir(), "database-copy-"))
const one = WorkspaceId.make("one")
const keys = (folder: string, root = folder) =>
  Layer.provide(
    SqliteSubjectKeys.layer({ file: join(folder, "subjects.sqlite") }),
    RootKeys.layer({ file: join(root, "root.key") })
  )
const keysOf = (subjects: ReadonlyArray<string>) =>
  Effect.flatMap(SubjectKeys, (service) => service.getOrCreate(one, subjects))

const bytesOf = (keys: ReadonlyMap<string, Uint8Array>) => [...keys].map(([subject, key]) => [subject, [...key]])

describe("a copy of a database", () => {
  it.live("that is open and written to holds what was committed before, for its owner's eyes only", () =>
    Effect.gen(function* () {
      const [folder, to] = [freshFolder(), freshFolder()]
      const copied = join(to, "subjects.sqlite")
      const made = yield* Effect.gen(function* () {
        const found = yield* keysOf(["a", "b"])
        const copy = yield* Effect.promise(() => copyDatabase(join(folder, "subjects.sqlite"), copied))
        assert.strictEqual(copy.rows["subject_keys"], 2)
        yield* keysOf(["c"])
        return found.keys
      }).pipe(Effect.provide(keys(folder)))
      assert.strictEqual(fs.statSync(copied).mode & 0o777, 0o600)
      const again = yield* keysOf(["a", "b"]).pipe(Effect.provide(keys(to, folder)))
      assert.deepStrictEqual(bytesOf(again.keys), bytesOf(made))
    })
  )

  it("never writes over a file", async () => {
    const folder = freshFolder()
    const file = join(folder, "a.sqlite")
    new DatabaseSync(file).close()
    const to = join(folder, "b.sqlite")
    fs.writeFileSync(to, "mine")
    const failure = await copyDatabase(file, to).catch((cause: unknown) => cause)
    assert.strictEqual((failure as NodeJS.ErrnoException).code, "EEXIST")
    assert.strictEqual(fs.readFileSync(to, "utf8"), "mine")
  })
})

describe("destroying a key while a reader needs the write-ahead log", () => {
  it.live("is answered when the log is empty, and holds up nothing else meanwhile", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const file = join(folder, "subjects.sqlite")
      yield* Effect.gen(function* () {
        const service = yield* SubjectKeys
        yield* keysOf(["gone"])
        const reader = new DatabaseSync(file)
        reader.exec("BEGIN")
        reader.prepare("select count(*) from subject_keys").get()
        const destroying = yield* Effect.forkChild(service.destroy(one, ["gone"]))
        yield* keysOf(["other"])
        yield* Effect.sleep(120)
        assert.isUndefined(destroying.pollUnsafe())
        assert.isAbove(fs.statSync(`${file}-wal`).size, 0)
        reader.exec("COMMIT")
        yield* Fiber.join(destroying)
        assert.strictEqual(fs.statSync(`${file}-wal`).size, 0)
        reader.close()
      }).pipe(Effect.provide(keys(folder)))
    })
  )
})
