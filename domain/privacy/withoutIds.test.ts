import { assert, describe, it } from "@effect/vitest"
import { withoutIds } from "./withoutIds.ts"

describe("a record without ids", () => {
  it("has names in their place: of whole texts, behind a collection, in lists and as names of fields", () => {
    const names = new Map([
      ["ada", "erased_1"],
      ["a/b", "erased_2"]
    ])
    assert.deepStrictEqual(
      withoutIds(
        { target: "persons/ada", other: "persons/a/b", deep: [{ ada: "ada" }], adam: "adam", count: 1 },
        names
      ),
      {
        target: "persons/erased_1",
        other: "persons/erased_2",
        deep: [{ erased_1: "erased_1" }],
        adam: "adam",
        count: 1
      }
    )
  })
})
