import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import type { Condition } from "../../ports/targeting/Condition.ts"
import { checkCondition } from "./checkCondition.ts"
import { compileCondition } from "./compileCondition.ts"
import { groupsOfIds, peopleNamed, withoutPeople } from "./namedPeople.ts"

const isAda = (id: string) => id === "ada"
const withoutAda = (condition: Condition) => withoutPeople(condition, isAda)

const ids = ["ada", "ben", "cy"]
const id = fc.constantFrom(...ids)
const list = fc.array(id, { maxLength: 3 })
const leaf = fc.oneof(
  id,
  list,
  fc.record({ $eq: id, $ne: id, $in: list, $nin: list, $exists: fc.boolean() }, { requiredKeys: [] }),
  fc.record({ $ini: list, $nini: list, $not: fc.oneof(id, fc.record({ $in: list })) }, { requiredKeys: [] }),
  fc.record(
    { $all: list, $alli: list, $elemMatch: fc.oneof(fc.record({ $eq: id }), fc.record({ $in: list })) },
    {
      requiredKeys: []
    }
  )
)
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    fc.record({ user_id: leaf, "user.anonymous_id": leaf, country: fc.constant("DE") }, { requiredKeys: [] }),
    fc.record(
      {
        $and: fc.array(tie("condition"), { maxLength: 2 }),
        $or: fc.array(tie("condition"), { maxLength: 2 }),
        $not: tie("condition")
      },
      { requiredKeys: [] }
    )
  )
}))
const otherId = fc.option(fc.oneof(fc.constantFrom("ben", "cy", "BEN"), fc.array(fc.constantFrom("ben", "cy"))), {
  nil: undefined
})
const attributes = fc.record({
  user_id: otherId,
  user: fc.record({ anonymous_id: otherId }),
  country: fc.constant("DE")
})

describe("people whom a condition names", () => {
  it("are found in patterns that spell their ids out, which go on meaning the others", () => {
    const without = (pattern: string) => withoutAda({ user_id: { $regex: pattern } })["user_id"]
    const patterns: ReadonlyArray<readonly [string, unknown]> = [
      ["^ada$", { $in: [] }],
      ["^(ada|ben)$", { $regex: "^(?:ben)$" }],
      ["^(?:b\\.n|ada|cy)$", { $regex: "^(?:b\\.n|cy)$" }],
      ["^ada", { $regex: "^ada" }],
      ["ada", { $regex: "ada" }],
      ["^ada|ben$", { $regex: "^ada|ben$" }],
      ["^ada$|^b\\.n$|^cy$", { $regex: "^(?:b\\.n|cy)$" }],
      ["^ada$|^ben\\$", { $regex: "^ada$|^ben\\$" }],
      ["^(ada.*|ben)$", { $regex: "^(ada.*|ben)$" }]
    ]
    for (const [pattern, left] of patterns) assert.deepStrictEqual(without(pattern), left, pattern)
    assert.deepStrictEqual(withoutAda({ user_id: { $not: { $regexi: "^ADA$" } } }), { user_id: { $not: { $in: [] } } })
    const named = peopleNamed({ user_id: { $regex: "ada@example\\.org" }, country: { $regex: "^ada$" } })
    assert.deepStrictEqual([...named], ["ada@example.org"])
  })

  it("are whoever a segment lists that ids are compared with", () => {
    const flag = {
      rules: [
        { condition: { user_id: { $not: { $inGroup: "team" } }, plan: { $inGroup: "plans" } } },
        { condition: { $or: [{ "user.anonymous_id": { $notInGroup: "phones" } }] } },
        { condition: { $savedGroup: { id: "saved", attributeKey: "user_id" } } },
        { condition: { $savedGroup: { id: "other" } } }
      ]
    }
    assert.sameMembers([...groupsOfIds(flag)], ["team", "phones", "saved"])
  })

  it("are found wherever an id is compared with them", () => {
    const found = peopleNamed({
      country: "ada",
      user_id: { $in: ["ben", 7], $not: { $eq: "cy" } },
      $or: [{ anonymous_id: "phone" }, { "user.user_id": { $ini: ["DIO"] } }],
      $not: { visits: { $elemMatch: { user_id: { $ne: "eve" } } } },
      $savedGroup: { id: "ada", attributeKey: "user_id" }
    })
    assert.sameMembers([...found], ["ben", "7", "cy", "phone", "DIO", "dio", "eve"])
  })

  it("leave nobody where the condition asked for them alone, and all others where it left them out", () => {
    assert.deepStrictEqual(withoutAda({ user_id: "ada" }), { user_id: { $in: [] } })
    assert.deepStrictEqual(withoutAda({ user_id: { $eq: "ada", $type: "string" } }), {
      user_id: { $type: "string", $in: [] }
    })
    assert.deepStrictEqual(withoutAda({ user_id: { $ne: "ada" } }), { user_id: { $nin: [] } })
    assert.deepStrictEqual(withoutAda({ user_id: { $in: ["ada"] } }), { user_id: { $in: [] } })
    const isMet = (of: Condition, user_id: string) => compileCondition(withoutAda(of))({ user_id })
    for (const of of [{ user_id: "ada" }, { user_id: { $in: ["ada"] } }, { $or: [{ user_id: { $all: ["ada"] } }] }]) {
      assert.isFalse(isMet(of, "ben"))
    }
    assert.isTrue(isMet({ user_id: { $ne: "ada" } }, "ben"))
  })

  it("are gone without a change for anybody else, and the condition stays a right one", () => {
    fc.assert(
      fc.property(condition, attributes, (given, about) => {
        const after = withoutAda(given)
        assert.strictEqual(compileCondition(after)(about), compileCondition(given)(about))
        assert.isFalse(peopleNamed(after).has("ada"))
        if (checkCondition(given).length === 0) assert.deepStrictEqual(checkCondition(after), [])
      }),
      { numRuns: 2000 }
    )
  })
})
