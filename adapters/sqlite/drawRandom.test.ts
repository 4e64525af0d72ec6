import { assert, describe, it } from "@effect/vitest"
import { makeDrawRandom } from "./drawRandom.ts"

describe("random bytes that are drawn at once", () => {
  it("are given once, whole, and stay as they were given", () => {
    const draw = makeDrawRandom()
    const given = Array.from({ length: 1000 }, (_, place) => draw(place % 2 === 0 ? 32 : 12))
    const texts = given.map((bytes) => Buffer.from(bytes).toString("hex"))
    assert.strictEqual(new Set(texts).size, 1000)
    for (const [place, bytes] of given.entries()) {
      assert.strictEqual(bytes.length, place % 2 === 0 ? 32 : 12)
      assert.isTrue(bytes.some((byte) => byte !== 0))
    }
  })
})
