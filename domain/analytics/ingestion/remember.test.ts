import { assert, describe, it } from "@effect/vitest"
import { remember, rememberedCharactersMax, rememberedTextsMax } from "./remember.ts"

describe("a memory of a pure function", () => {
  it("works out each text once, the long ones each time", () => {
    const asked: Array<string> = []
    const length = remember((text) => {
      asked.push(text)
      return text.length
    })
    const long = "x".repeat(rememberedCharactersMax + 1)
    assert.deepStrictEqual(["a", "bb", "a", long, long, "bb"].map(length), [1, 2, 1, long.length, long.length, 2])
    assert.deepStrictEqual(asked, ["a", "bb", long, long])
  })

  it("keeps what is asked again and again while others come and go", () => {
    let worked = 0
    const same = remember((text) => {
      worked += 1
      return text
    })
    for (let index = 0; index < rememberedTextsMax * 3; index += 1) {
      assert.strictEqual(same(String(index)), String(index))
      assert.strictEqual(same("always"), "always")
    }
    assert.strictEqual(worked, rememberedTextsMax * 3 + 1)
  })
})
