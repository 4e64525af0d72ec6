import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { conditionDepthMax } from "../../ports/targeting/Condition.ts"
import { checkCondition, groupsNamed } from "./checkCondition.ts"
import { compileCondition } from "./compileCondition.ts"
import { firstFailure } from "./firstFailure.ts"
import { noGroups } from "./Groups.ts"
import published from "./published/growthbookConditions.json" with { type: "json" }

const mistakes = (condition: unknown) => checkCondition(condition).map(({ code, pointer }) => `${pointer} ${code}`)

describe("the check of a condition", () => {
  it("names the place of each mistake", () => {
    assert.deepStrictEqual(
      mistakes({
        country: { $inn: ["US"] },
        age: { $gt: [3] },
        $and: [{ "a/b": { $in: "x" } }, { path: { $regex: "(" } }],
        $xor: [],
        tags: { $elemMatch: { $size: { $bad: 1 } } },
        mixed: { $gt: 1, other: 2 }
      }),
      [
        "/country/$inn unknown_operator",
        "/age/$gt wrong_operand",
        "/$and/0/a~1b/$in wrong_operand",
        "/$and/1/path/$regex bad_pattern",
        "/$xor unknown_operator",
        "/tags/$elemMatch/$size/$bad unknown_operator",
        "/mixed wrong_operand"
      ]
    )
    assert.deepStrictEqual(mistakes([]), [" wrong_operand"])
    let deep: unknown = { a: 1 }
    for (let level = 0; level < conditionDepthMax; level += 1) deep = { $not: deep }
    assert.deepStrictEqual(
      checkCondition({ $and: [deep] }).map(({ code }) => code),
      ["too_deep"]
    )
    assert.deepStrictEqual(mistakes({ country: { $in: ["US"] }, $or: [], version: { $vgte: "1.2.0" } }), [])
  })

  it("refuses a pattern that needs look-around or back references, and takes one that would explode elsewhere", () => {
    assert.deepStrictEqual(mistakes({ a: { $regex: "(a+)+(?=b)" } }), ["/a/$regex bad_pattern"])
    assert.deepStrictEqual(mistakes({ a: { $regex: "(a+)+\\1" } }), ["/a/$regex bad_pattern"])
    assert.deepStrictEqual(mistakes({ a: { $regex: "^(a+)+$" } }), [])
  })

  it("answers for a catastrophic pattern and a long text at once", () => {
    const test = compileCondition({ a: { $regex: "^(a+)+$" } })
    const started = process.hrtime.bigint()
    assert.isFalse(test({ a: `${"a".repeat(100_000)}b` }))
    assert.isTrue(test({ a: "a".repeat(1000) }))
    assert.isFalse(compileCondition({ a: { $regex: "a*b" } })({ a: "a".repeat(100_000) }))
    const optional = `^${"a?".repeat(40)}${"a".repeat(40)}$`
    assert.isTrue(compileCondition({ a: { $regex: optional } })({ a: "a".repeat(40) }))
    assert.isBelow(Number(process.hrtime.bigint() - started) / 1e9, 5)
  })

  it("tells a missing attribute from null by $exists", () => {
    const [isThere, isMissing] = [true, false].map(($exists) => compileCondition({ "a.b": { $exists } }))
    assert.deepStrictEqual(
      [{ a: { b: null } }, { a: {} }, { a: { b: 0 } }, {}].map((each) => [isThere!(each), isMissing!(each)]),
      [
        [true, false],
        [false, true],
        [true, false],
        [false, true]
      ]
    )
  })

  it("does not see what every object inherits", () => {
    assert.isFalse(compileCondition({ constructor: { $exists: true } })({}))
    assert.isTrue(compileCondition({ "a.toString": null })({ a: {} }))
  })

  it("ends where groups name each other", () => {
    const groups = new Map([
      ["a", { type: "condition" as const, condition: { $savedGroup: { id: "b" } } }],
      ["b", { type: "condition" as const, condition: { $or: [{ $savedGroup: { id: "a" } }, { plan: "pro" }] } }]
    ])
    assert.isTrue(compileCondition({ $savedGroup: { id: "a" } }, groups)({ plan: "pro" }))
    assert.isFalse(compileCondition({ $savedGroup: { id: "a" } }, groups)({ plan: "free" }))
  })

  it("lists the groups that a condition names", () => {
    const condition = {
      $and: [{ id: { $inGroup: "x" } }, { id: { $not: { $notInGroup: "y" } } }],
      $savedGroup: { id: "z" }
    }
    assert.deepStrictEqual([...groupsNamed(condition)], ["x", "y", "z"])
  })

  it("is total: any condition over any attributes answers yes or no, and a failure has a place", () => {
    const key = fc.constantFrom(
      "a",
      "b.c",
      "$and",
      "$or",
      "$not",
      "$in",
      "$gt",
      "$regex",
      "$size",
      "$elemMatch",
      "$all"
    )
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue({ maxDepth: 1 }),
        fc.dictionary(key, tie("value"), { maxKeys: 3 }),
        fc.array(tie("value"), { maxLength: 3 })
      )
    }))
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 3 }), fc.jsonValue(), (condition, attributes) => {
        const answer = compileCondition(condition)(attributes)
        assert.strictEqual(answer, firstFailure(condition, attributes, noGroups) === undefined)
      })
    )
  })

  it("points to the first part that failed", () => {
    const condition = { country: "US", $and: [{ plan: "pro" }, { seats: { $gte: 5, $lt: 9 } }] }
    assert.strictEqual(firstFailure(condition, { country: "US", plan: "pro", seats: 9 }, noGroups), "/$and/1/seats/$lt")
    assert.strictEqual(firstFailure(condition, { country: "DE" }, noGroups), "/country")
  })

  it("finds no mistake in the published cases but where they show one", () => {
    const wrong = published.evalCondition.filter(([, condition]) => checkCondition(condition).length > 0)
    assert.isBelow(wrong.length, 30)
  })
})
