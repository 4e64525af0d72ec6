import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { fieldDifferences } from "./fieldDifferences.ts"
import { mergeDefinitions } from "./mergeDefinitions.ts"

const rule = (id: string, more: object = {}) => ({ id, serve: { variant: "on" }, ...more })
const flag = (rules: ReadonlyArray<object>, more: object = {}) => ({
  key: "f",
  environments: { production: { enabled: true, rules } },
  ...more
})
const place = "/environments/production/rules"

describe("differences of definitions", () => {
  it("are told field by field, rules by their names", () => {
    const before = flag([rule("a", { percent: 10 }), rule("b")], { description: "old" })
    const after = flag([rule("new"), rule("a", { percent: 20 })], { tags: ["x"] })
    assert.deepStrictEqual(fieldDifferences(before, after), [
      { pointer: `${place}/a/percent`, change: "changed", before: 10, after: 20 },
      { pointer: `${place}/b`, change: "removed", before: rule("b") },
      { pointer: `${place}/new`, change: "added", after: rule("new") },
      { pointer: "/description", change: "removed", before: "old" },
      { pointer: "/tags", change: "added", after: ["x"] }
    ])
    assert.deepStrictEqual(fieldDifferences(before, structuredClone(before)), [])
  })

  it("tell another order, and take conditions and values as one thing", () => {
    assert.deepStrictEqual(fieldDifferences(flag([rule("a"), rule("b")]), flag([rule("b"), rule("a")])), [
      { pointer: place, change: "reordered", before: ["a", "b"], after: ["b", "a"] }
    ])
    const [difference] = fieldDifferences(
      flag([rule("a", { condition: { country: "DE", plan: "gold" } })]),
      flag([rule("a", { condition: { country: "DE", plan: "free" } })])
    )
    assert.strictEqual(difference?.pointer, `${place}/a/condition`)
  })

  it("compare lists whose names are not unique as they are", () => {
    const [difference] = fieldDifferences(flag([rule("a"), rule("a")]), flag([rule("a")]))
    assert.deepInclude(difference, { pointer: place, change: "changed" })
  })
})

describe("a draft and a live definition of one base", () => {
  const base = flag([rule("a", { percent: 10 }), rule("b")], { description: "old" })

  it("become one, where each has changed something else", () => {
    const draft = flag([rule("a", { percent: 20 }), rule("b"), rule("mine")], { description: "old" })
    const live = flag([rule("theirs"), rule("a", { percent: 10 })], { description: "new", tags: ["x"] })
    assert.deepStrictEqual(mergeDefinitions(base, draft, live, "draft"), {
      value: flag([rule("theirs"), rule("a", { percent: 20 }), rule("mine")], { description: "new", tags: ["x"] }),
      conflicts: []
    })
  })

  it("are in conflict where both have changed the same, which the preference settles", () => {
    const draft = flag([rule("a", { percent: 20 }), rule("b")], { description: "mine" })
    const live = flag([rule("a", { percent: 30 }), rule("b")], { description: "old" })
    const mine = mergeDefinitions(base, draft, live, "draft")
    assert.deepStrictEqual(mine.conflicts, [`${place}/a/percent`])
    assert.deepStrictEqual(mine.value, draft)
    assert.deepStrictEqual(
      mergeDefinitions(base, draft, live, "live").value,
      flag([rule("a", { percent: 30 }), rule("b")], { description: "mine" })
    )
  })

  it("are in conflict where one deletes what the other changes, and where both reorder", () => {
    const without = flag([rule("b")], { description: "old" })
    const changed = flag([rule("a", { percent: 99 }), rule("b")], { description: "old" })
    assert.deepStrictEqual(mergeDefinitions(base, without, changed, "draft").conflicts, [`${place}/a`])
    assert.deepStrictEqual(mergeDefinitions(base, without, changed, "draft").value, without)
    assert.deepStrictEqual(mergeDefinitions(base, undefined, changed, "draft"), { value: undefined, conflicts: [""] })
    const three = flag([rule("a"), rule("b"), rule("c")])
    const one = flag([rule("c"), rule("a"), rule("b")])
    const other = flag([rule("b"), rule("a"), rule("c")])
    const merged = mergeDefinitions(three, one, other, "live")
    assert.deepStrictEqual(merged, { value: other, conflicts: [place] })
  })

  it("give the other where one is as it was, and either where both say the same", () => {
    const other = flag([], { description: "other" })
    for (const prefer of ["draft", "live"] as const) {
      assert.deepStrictEqual(mergeDefinitions(base, base, other, prefer), { value: other, conflicts: [] })
      assert.deepStrictEqual(mergeDefinitions(base, other, base, prefer), { value: other, conflicts: [] })
      assert.deepStrictEqual(mergeDefinitions(base, other, structuredClone(other), prefer), {
        value: other,
        conflicts: []
      })
    }
  })
})

describe("merging, whatever the definitions", () => {
  const rules = fc.uniqueArray(
    fc.record(
      { id: fc.constantFrom("a", "b", "c", "d"), percent: fc.constantFrom(10, 20, 30) },
      { noNullPrototype: true }
    ),
    { selector: ({ id }) => id, maxLength: 4 }
  )
  const definition = fc.record(
    {
      description: fc.constantFrom("x", "y"),
      rules,
      condition: fc.dictionary(fc.constantFrom("p", "q"), fc.nat(2), { noNullPrototype: true })
    },
    { requiredKeys: [], noNullPrototype: true }
  )

  it("takes what one side alone has changed, and finds the same conflicts from either side", () => {
    fc.assert(
      fc.property(definition, definition, definition, (base, one, other) => {
        assert.deepStrictEqual(mergeDefinitions(base, one, base, "live"), { value: one, conflicts: [] })
        assert.deepStrictEqual(mergeDefinitions(base, base, other, "draft"), { value: other, conflicts: [] })
        const [here, there] = [mergeDefinitions(base, one, other, "draft"), mergeDefinitions(base, other, one, "live")]
        assert.deepStrictEqual([...here.conflicts].toSorted(), [...there.conflicts].toSorted())
        const differences = fieldDifferences(here.value, there.value)
        assert.deepStrictEqual(
          differences.filter(({ change }) => change !== "reordered"),
          []
        )
      })
    )
  })

  it("says nothing of two that are equal, and turns about when they are exchanged", () => {
    fc.assert(
      fc.property(definition, definition, (one, other) => {
        assert.deepStrictEqual(fieldDifferences(one, structuredClone(one)), [])
        const [forth, back] = [fieldDifferences(one, other), fieldDifferences(other, one)]
        assert.deepStrictEqual(
          forth.map(({ pointer }) => pointer).toSorted(),
          back.map(({ pointer }) => pointer).toSorted()
        )
      })
    )
  })
})
