import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { jsonBytesAtMost } from "./jsonBytesAtMost.ts"

describe("jsonBytesAtMost", () => {
  it("is never below what JSON takes", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        assert.isAtLeast(jsonBytesAtMost(value), Buffer.byteLength(JSON.stringify(value)))
      })
    )
  })

  it("of controls, half surrogates and long numbers, too", () => {
    for (const value of ["\u0000\u001f", "\ud800", -1.7976931348623157e308, [[], [[]]], { "\u0000": null }]) {
      assert.isAtLeast(jsonBytesAtMost(value), Buffer.byteLength(JSON.stringify(value)))
    }
  })
})
