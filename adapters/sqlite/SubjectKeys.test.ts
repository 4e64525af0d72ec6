import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { suite } from "../../ports/privacy/SubjectKeys.suite.ts"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import * as files from "../files/RootKeys.ts"
import { layer } from "./SubjectKeys.ts"

const freshFolder = (): string => mkdtempSync(join(tmpdir(), "keys-"))
const keys = (folder: string) =>
  Layer.provide(layer({ file: join(folder, "subjects.sqlite") }), files.layer({ file: join(folder, "root.key") }))
const one = WorkspaceId.make("one")

suite("sqlite", () => keys(freshFolder()))

const keyOf = (subject: string) =>
  Effect.flatMap(SubjectKeys, (subjects) => subjects.getOrCreate(one, [subject])).pipe(
    Effect.map(({ erased, keys: found }) => ({ erased: erased.size > 0, key: found.get(subject) }))
  )

const wrappedKey = (file: string, subject: string): Buffer => {
  const database = new DatabaseSync(file, { readOnly: true })
  const row = database.prepare("select wrapped from subject_keys where subject = ?").get(subject)
  database.close()
  return Buffer.from(row?.["wrapped"] as Uint8Array)
}
const bytesOf = (folder: string): Buffer =>
  Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))

describe("sqlite SubjectKeys", () => {
  it.live("keeps keys and tombstones over a restart and a rotated root", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const before = yield* keyOf("a").pipe(
        Effect.tap(() => Effect.flatMap(SubjectKeys, (subjects) => subjects.destroy(one, ["b"]))),
        Effect.provide(keys(folder))
      )
      files.rotate(join(folder, "root.key"))
      yield* Effect.flatMap(SubjectKeys, (subjects) => subjects.rotateRoot).pipe(Effect.provide(keys(folder)))
      const after = yield* keyOf("a").pipe(Effect.provide(keys(folder)))
      assert.deepStrictEqual([...after.key!], [...before.key!])
      assert.isTrue((yield* keyOf("b").pipe(Effect.provide(keys(folder)))).erased)
      const { tombstones } = yield* Effect.provide(SubjectKeys, keys(folder))
      assert.deepStrictEqual([...tombstones.counts], [[one, 1]])
      assert.isTrue(tombstones.has(one, "b"))
    })
  )

  it.live("leaves no trace of a destroyed subject's wrapped key in its files", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      yield* Effect.gen(function* () {
        const subjects = yield* SubjectKeys
        yield* subjects.getOrCreate(one, ["gone", "stays"])
        const wrapped = wrappedKey(join(folder, "subjects.sqlite"), "gone")
        assert.isTrue(bytesOf(folder).includes(wrapped))
        yield* subjects.destroy(one, ["gone"])
        assert.isFalse(bytesOf(folder).includes(wrapped))
      }).pipe(Effect.provide(keys(folder)))
    })
  )

  it.live("keeps no id of an erased subject in its files, also where an earlier version did", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const erase = Effect.flatMap(SubjectKeys, (subjects) => subjects.destroy(one, ["erased-lately"]))
      yield* Effect.provide(erase, keys(folder))
      assert.isFalse(bytesOf(folder).includes("erased-lately"))
      const database = new DatabaseSync(join(folder, "subjects.sqlite"))
      database.prepare("insert into erased_subjects values (?, ?, ?)").run(one, "erased-before", 1)
      database.close()
      assert.isTrue(bytesOf(folder).includes("erased-before"))
      const { tombstones } = yield* Effect.provide(SubjectKeys, keys(folder))
      assert.strictEqual(tombstones.counts.get(one), 2)
      assert.isTrue(tombstones.has(one, "erased-before") && tombstones.has(one, "erased-lately"))
      assert.isFalse(bytesOf(folder).includes("erased-before"))
    })
  )

  it.live("makes no key that a destroy came before, though it was asked for at the same time", () =>
    Effect.gen(function* () {
      const subjects = yield* SubjectKeys
      const [asked] = yield* Effect.all([subjects.getOrCreate(one, ["raced"]), subjects.destroy(one, ["raced"])], {
        concurrency: 2
      })
      assert.isTrue(asked.erased.has("raced"))
      assert.strictEqual((yield* subjects.get(one, ["raced"])).size, 0)
    }).pipe(Effect.provide(keys(freshFolder())))
  )

  it.live("keeps no key in memory that was destroyed while it went to the disk", () =>
    Effect.gen(function* () {
      const subjects = yield* SubjectKeys
      for (let turns = 0; turns < 10; turns += 1) {
        const subject = `raced-${turns}`
        const asked = yield* Effect.forkChild(subjects.getOrCreate(one, [subject]))
        for (let turn = 0; turn < turns; turn += 1)
          yield* Effect.callback<void>((go) => void setImmediate(() => go(Effect.void)))
        yield* subjects.destroy(one, [subject])
        yield* Fiber.join(asked)
        assert.isTrue((yield* subjects.getOrCreate(one, [subject])).erased.has(subject))
        assert.strictEqual((yield* subjects.get(one, [subject])).size, 0)
      }
    }).pipe(Effect.provide(keys(freshFolder())))
  )

  it.live("does not start on another installation's master key", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      yield* keyOf("a").pipe(Effect.provide(keys(folder)))
      const foreign = Layer.provide(
        layer({ file: join(folder, "subjects.sqlite") }),
        files.layer({ file: join(freshFolder(), "root.key") })
      )
      const failure = yield* Effect.flip(keyOf("a").pipe(Effect.provide(foreign)))
      assert.deepInclude(failure, { _tag: "PortFailure", reason: "corrupt" })
    })
  )
})
