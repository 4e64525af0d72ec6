import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { changesOf } from "./changesOf.ts"

describe("changesOf", () => {
  it("names each place that says something else, and by how much where it is a number", () => {
    const before = { totals: { events: 3, revenue: "1.50" }, rows: [{ v: [1] }], "a/b": null, watermark: "x" }
    const after = { totals: { events: 5, revenue: "2.50" }, rows: [{ v: [1] }, { v: [2] }], "a/b": 0, watermark: "y" }
    assert.deepStrictEqual(
      [...changesOf(before, after)],
      [
        { pointer: "/totals/events", before: 3, after: 5, difference: 2 },
        { pointer: "/totals/revenue", before: "1.50", after: "2.50" },
        { pointer: "/rows/1", after: { v: [2] } },
        { pointer: "/a~1b", before: null, after: 0 }
      ]
    )
    assert.deepStrictEqual(
      [...changesOf({ a: { b: 1 } }, { a: [1] })],
      [{ pointer: "/a", before: { b: 1 }, after: [1] }]
    )
  })

  it("finds nothing in what is the same, and something in what is not", () => {
    const value = fc.jsonValue({ noUnicodeString: false }).map((each) => JSON.parse(JSON.stringify(each)) as unknown)
    fc.assert(
      fc.property(value, value, (one, other) => {
        assert.deepStrictEqual([...changesOf(one, structuredClone(one))], [])
        const text = (each: unknown) =>
          JSON.stringify(each, (_, nested: unknown) =>
            typeof nested === "object" && nested !== null && !Array.isArray(nested)
              ? Object.fromEntries(
                  Object.entries(nested)
                    .filter(([name]) => name !== "watermark")
                    .toSorted()
                )
              : nested
          )
        const isSame = text(one) === text(other)
        assert.strictEqual([...changesOf(one, other)].length === 0, isSame)
      })
    )
  })
})
