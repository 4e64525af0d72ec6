import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "../../ports/privacy/VisitorSalts.suite.ts"
import { VisitorSalts } from "../../ports/privacy/VisitorSalts.ts"
import { layer } from "./VisitorSalts.ts"

const freshFolder = (): string => mkdtempSync(join(tmpdir(), "salts-"))
const salts = (folder: string) => layer({ file: join(folder, "visitors.sqlite") })
const bytesOf = (folder: string): Buffer =>
  Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))

suite("sqlite", () => salts(freshFolder()))

describe("sqlite VisitorSalts", () => {
  it.live("keeps a salt over a restart, and leaves no trace of a destroyed one in its files", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const made = yield* Effect.flatMap(VisitorSalts, (store) => store.getOrCreate(1)).pipe(
        Effect.map((salt) => Buffer.from(salt)),
        Effect.provide(salts(folder))
      )
      assert.isTrue(bytesOf(folder).includes(made))
      yield* Effect.gen(function* () {
        const store = yield* VisitorSalts
        assert.deepStrictEqual([...(yield* store.get(1))!], [...made])
        yield* store.getOrCreate(2)
        yield* store.destroyBefore(2)
        assert.isFalse(bytesOf(folder).includes(made))
      }).pipe(Effect.provide(salts(folder)))
    })
  )
})
