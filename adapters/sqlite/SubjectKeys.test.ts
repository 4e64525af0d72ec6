import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { RootKeys } from "../../ports/privacy/RootKeys.ts"
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

describe("sqlite SubjectKeys", () => {
  it.live("keeps keys and tombstones over a restart and a rotated root", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const before = yield* keyOf("a").pipe(
        Effect.tap(() => Effect.flatMap(SubjectKeys, (subjects) => subjects.destroy(one, ["b"]))),
        Effect.provide(keys(folder))
      )
      assert.strictEqual(files.rotate(join(folder, "root.key")), 2)
      yield* Effect.flatMap(SubjectKeys, (subjects) => subjects.rotateRoot(one)).pipe(Effect.provide(keys(folder)))
      const after = yield* keyOf("a").pipe(Effect.provide(keys(folder)))
      assert.deepStrictEqual([...after.key!], [...before.key!])
      assert.isTrue((yield* keyOf("b").pipe(Effect.provide(keys(folder)))).erased)
    })
  )

  it.live("leaves no trace of a destroyed subject's wrapped key in its files", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      yield* Effect.gen(function* () {
        const subjects = yield* SubjectKeys
        yield* subjects.getOrCreate(one, ["findable-subject"])
        yield* subjects.destroy(one, ["findable-subject"])
        const wal = readdirSync(folder).filter((name) => name.endsWith("-wal"))
        for (const name of wal) assert.strictEqual(readFileSync(join(folder, name)).length, 0)
      }).pipe(Effect.provide(keys(folder)))
    })
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

describe("files RootKeys", () => {
  it.live("unwraps what it wrapped, for the same workspace only", () =>
    Effect.gen(function* () {
      const roots = yield* RootKeys
      const key = new Uint8Array(32).fill(7)
      const wrapped = yield* roots.wrap(one, key)
      assert.deepStrictEqual(yield* roots.unwrap(one, wrapped), key)
      assert.strictEqual((yield* Effect.flip(roots.unwrap(WorkspaceId.make("two"), wrapped))).reason, "corrupt")
      assert.strictEqual((yield* Effect.flip(roots.unwrap(one, `9${wrapped.slice(1)}`))).reason, "corrupt")
    }).pipe(Effect.provide(files.layer({ file: join(freshFolder(), "root.key") })))
  )
})
