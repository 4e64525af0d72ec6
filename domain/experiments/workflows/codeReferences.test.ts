import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { NewCodeReferences } from "../../../ports/experiments/CodeReference.ts"
import { actor, at, workspace } from "../testing/releaseWorld.ts"
import { postReferences, referencesOfFlag } from "./codeReferences.ts"
import { createFlag } from "./flags.ts"

const posting = (commit: string, keys: ReadonlyArray<string>, complete = true): NewCodeReferences => ({
  repository: "acme/shop",
  branch: "main",
  commit: commit.repeat(40),
  committed_at: "2026-11-20T10:00:00Z",
  flags: keys.map((flag) => ({ flag, references: [{ path: "src/shop.ts", line: 1 }] })),
  complete
})
const all = ["first", "second", "third"]
const named = Effect.filter(all, (flag) =>
  Effect.map(referencesOfFlag(workspace, flag, 10, undefined), ({ items }) => items.length > 0)
)
const post = (...given: Parameters<typeof posting>) =>
  Effect.map(postReferences(actor, posting(...given)), ({ forgotten }) => forgotten)
const withFlags = Effect.forEach(all, (key) => createFlag(actor, { key, type: "boolean" }))

describe("code references", () => {
  it.effect("of a commit that is posted again are those of then, at the same instant too", () =>
    at(
      Effect.gen(function* () {
        yield* withFlags
        assert.strictEqual(yield* post("a", all), 0)
        assert.strictEqual(yield* post("a", ["first", "third"]), 1)
        assert.deepStrictEqual(yield* named, ["first", "third"])
        assert.strictEqual(yield* post("a", []), 2)
        assert.deepStrictEqual(yield* named, [])
      })
    )
  )

  it.effect(
    "that come in parts are all kept, also where a part comes twice; the first part of another time is not",
    () =>
      at(
        Effect.gen(function* () {
          yield* withFlags
          assert.strictEqual(yield* post("a", ["first"], false), 0)
          assert.strictEqual(yield* post("a", ["second"], false), 0)
          assert.strictEqual(yield* post("a", ["third"]), 0)
          assert.strictEqual(yield* post("a", ["third"]), 0)
          assert.deepStrictEqual(yield* named, all)
          assert.strictEqual(yield* post("a", ["second"], false), 0)
          assert.strictEqual(yield* post("a", ["third"]), 1)
          assert.deepStrictEqual(yield* named, ["second", "third"])
          assert.strictEqual(yield* post("b", ["first"]), 2)
        })
      )
  )
})
