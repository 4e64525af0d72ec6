import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { chmodSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { RootKeys } from "../../ports/privacy/RootKeys.ts"
import { suite } from "../../ports/privacy/RootKeys.suite.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { layer, rotate } from "./RootKeys.ts"

const freshFile = (): string => join(mkdtempSync(join(tmpdir(), "keys-")), "root.key")
const one = WorkspaceId.make("one")
const key = new Uint8Array(32).fill(7)

suite("files", () => layer({ file: freshFile() }))

describe("files RootKeys", () => {
  const start = (file: string) => Effect.provide(Effect.asVoid(RootKeys), layer({ file }))

  it.effect("makes the file at the first start, for its owner's eyes only, and keeps it", () =>
    Effect.gen(function* () {
      const file = freshFile()
      yield* start(file)
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
      const text = readFileSync(file, "utf8")
      yield* start(file)
      assert.strictEqual(readFileSync(file, "utf8"), text)
    })
  )

  it.effect("wraps under the newest root after a rotation and unwraps what older ones wrapped", () =>
    Effect.gen(function* () {
      const file = freshFile()
      const wrap = Effect.flatMap(RootKeys, (roots) => roots.wrap(one, key))
      const before = yield* Effect.provide(wrap, layer({ file }))
      assert.deepStrictEqual([...rotate(file).keys()], [1, 2])
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
      const after = yield* Effect.provide(wrap, layer({ file }))
      assert.deepStrictEqual([before[0], after[0]], ["1", "2"])
      const unwrap = Effect.flatMap(RootKeys, (roots) => roots.unwrap(one, before))
      assert.deepStrictEqual([...(yield* Effect.provide(unwrap, layer({ file })))], [...key])
    })
  )

  it.effect("refuses a file that others can read", () =>
    Effect.gen(function* () {
      const file = freshFile()
      yield* start(file)
      chmodSync(file, 0o640)
      assert.include((yield* Effect.flip(start(file))).detail, "chmod 600")
    })
  )

  it.effect("makes no new key beside data that an older one has sealed", () =>
    Effect.gen(function* () {
      const file = freshFile()
      const failed = yield* Effect.flip(Effect.provide(Effect.asVoid(RootKeys), layer({ file, isNeeded: () => true })))
      assert.include(failed.detail, "copy the keys' backup")
      assert.isFalse(existsSync(file))
    })
  )

  for (const [title, text] of [
    ["nothing", ""],
    ["a key too short", "1 AAAA\n"],
    ["no version", `${Buffer.alloc(32).toString("base64")}\n`],
    ["one version twice", `1 ${Buffer.alloc(32).toString("base64")}\n`.repeat(2)]
  ] as const) {
    it.effect(`refuses a file with ${title}, and leaves it alone`, () =>
      Effect.gen(function* () {
        const file = freshFile()
        writeFileSync(file, text, { mode: 0o600 })
        assert.deepInclude(yield* Effect.flip(start(file)), { _tag: "PortFailure", reason: "corrupt" })
        assert.strictEqual(readFileSync(file, "utf8"), text)
      })
    )
  }
})
