import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { RememberedIds } from "./RememberedIds.ts"

const id = fc.oneof(
  fc.uuid(),
  fc.integer({ min: 0, max: 30 }).map((n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`),
  fc.integer({ min: 0, max: 30 }).map((n) => `${String(n).padStart(8, "0")}-0000-4000-8000-000000000000`)
)

describe("RememberedIds", () => {
  it("knows the newest half of its ids at least, each once in a workspace, and none that it was not given", () => {
    const workspace = fc.constantFrom("a", "b", "c")
    fc.assert(
      fc.property(
        fc.array(fc.tuple(workspace, id), { maxLength: 200 }),
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        fc.integer({ min: 2, max: 50 }),
        (given, seed, half) => {
          const remembered = new RememberedIds(half * 2, seed)
          let young = new Set<string>()
          let old = new Set<string>()
          for (const [of, each] of given) {
            const key = `${of}|${each}`
            const known = young.has(key) || old.has(key)
            assert.strictEqual(remembered.has(of, each), known)
            assert.strictEqual(remembered.add(of, each), !known)
            if (!known) young.add(key)
            if (young.size === half) [old, young] = [young, new Set()]
          }
        }
      )
    )
  })

  it("tells ids apart that differ in one digit anywhere, and not by their case", () => {
    const remembered = new RememberedIds(1000, Uint8Array.of(1, 2, 3, 4))
    const first = "0b7c6c62-8f7e-4c8e-9d3b-0d6a5f1c2e34"
    assert.isTrue(remembered.add("w", first))
    for (let at = 0; at < first.length; at += 1) {
      if (first[at] === "-") continue
      assert.isFalse(remembered.has("w", `${first.slice(0, at)}${first[at] === "7" ? "8" : "7"}${first.slice(at + 1)}`))
    }
    assert.isTrue(remembered.has("w", first.toUpperCase()))
    assert.isFalse(remembered.has("other", first))
  })
})
