import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { inspectJson } from "./inspectJson.ts"

const found = (text: string) => inspectJson(text).map(({ code, pointer }) => `${code} ${pointer}`)

describe("what JSON.parse lets pass", () => {
  it("finds nothing in what JSON.stringify writes, however it is spaced", () => {
    const value = fc
      .jsonValue({ noUnicodeString: false, maxDepth: 6 })
      .filter((each) => JSON.stringify(each).isWellFormed())
    fc.assert(
      fc.property(value, fc.nat(4), (each, spaces) => {
        const text = JSON.stringify(each, undefined, spaces)
        if (text.includes("__proto__") || text.includes("\\ud")) return
        assert.deepStrictEqual(found(text), [])
      })
    )
  })

  it("names a key that is given twice by its pointer, however it is written", () => {
    assert.deepStrictEqual(found(`{"a":1,"a":2}`), ["duplicate_key /a"])
    assert.deepStrictEqual(found(`{"a":1,"\\u0061" : 2}`), ["duplicate_key /a"])
    assert.deepStrictEqual(found(`{"x":{"y":[{"a/b":1,"a/b":2}]},"z":{"y":1}}`), ["duplicate_key /x/y/a~1b"])
    assert.deepStrictEqual(found(`{"x":{"k":1},"y":{"k":1},"x":{}}`), ["duplicate_key /x"])
    assert.deepStrictEqual(found(`{"":{"":1,"":2}}`), ["duplicate_key //"])
    assert.deepStrictEqual(found(`[{"a":1},{"a":2}]`), [])
  })

  it("sees where a string ends, whatever is escaped in it", () => {
    assert.deepStrictEqual(found(`{"a":"\\"a\\":","a":1}`), ["duplicate_key /a"])
    assert.deepStrictEqual(found(`{"a\\\\":"\\\\","a\\\\":1}`), ["duplicate_key /a\\"])
    assert.deepStrictEqual(found(`{"a":"\\\\\\"","b":"{\\"a\\":1}"}`), [])
    assert.deepStrictEqual(found(`{"a":"no end`), [])
  })

  it("finds the key __proto__, half surrogate pairs, and what is nested too deep", () => {
    assert.deepStrictEqual(found(`{"a":{"__proto__":1}}`), ["forbidden_key /a/__proto__"])
    assert.deepStrictEqual(found(`{"a":{"\\u005f_proto__":1}}`), ["forbidden_key /a/__proto__"])
    assert.deepStrictEqual(found(`{"a":"\\ud800"}`), ["lone_surrogate "])
    assert.deepStrictEqual(found(`{"a":"\\ud83d\\ude00"}`), [])
    assert.deepStrictEqual(found("[".repeat(33)), ["too_deep "])
    assert.deepStrictEqual(found("[".repeat(32)), [])
  })
})
