import { assert, describe, it } from "@effect/vitest"
import { lineOwner, lineSubjects } from "./lineSubjects.ts"

describe("whom a line speaks of", () => {
  it("is its user and its device, ids of nobody left out, also where the line is no JSON", () => {
    assert.deepStrictEqual(lineSubjects(`{"anonymous_id":"phone","user_id":"ada"}`), ["ada", "phone"])
    assert.deepStrictEqual(lineSubjects(`{"anonymous_id":"phone","user_id":"null"}`), ["phone"])
    assert.deepStrictEqual(lineSubjects(`{"v":1,"anonymous_id":"a\\"b","user_id":"ad`), [`a"b`])
    assert.deepStrictEqual(lineSubjects("no line"), [])
  })

  it("counts for the user, or the device where it has none", () => {
    assert.strictEqual(lineOwner(`{"anonymous_id":"phone","user_id":"ada"}`), "ada")
    assert.strictEqual(lineOwner(`{"anonymous_id":"phone"}`), "phone")
    assert.isUndefined(lineOwner("no line"))
  })
})
