import { assert, describe, it } from "@effect/vitest"
import type { Condition } from "../../ports/targeting/Condition.ts"
import { compileCondition } from "./compileCondition.ts"
import type { Group, Groups } from "./Groups.ts"
import published from "./published/growthbookConditions.json" with { type: "json" }

interface ListedGroup {
  readonly type: string
  readonly attributeKey?: string
  readonly values?: ReadonlyArray<unknown>
  readonly condition?: Condition
}

/** Groups of the published cases: a bare list, or one of two kinds; what is malformed matches nobody. */
const groupsOf = (groups: Readonly<Record<string, unknown>>): Groups => {
  const nobody: Group = { type: "condition", condition: { $unknown: {} } }
  const one = (given: unknown): Group => {
    if (Array.isArray(given)) return { type: "list", values: new Set(given) }
    const { attributeKey, condition, type, values } = (given ?? {}) as ListedGroup
    if (type === "list" && Array.isArray(values)) {
      return attributeKey === undefined
        ? { type: "list", values: new Set(values) }
        : { type: "list", attribute: attributeKey, values: new Set(values) }
    }
    return type === "condition" && condition !== undefined && condition !== null
      ? { type: "condition", condition }
      : nobody
  }
  return new Map(Object.entries(groups).map(([id, given]) => [id, one(given)]))
}

describe("a condition", () => {
  it("has the published cases of GrowthBook's specification 0.8.0, all 248", () => {
    assert.strictEqual(published.specVersion, "0.8.0")
    assert.strictEqual(published.evalCondition.length, 248)
  })

  for (const [name, condition, attributes, expected, groups] of published.evalCondition) {
    it(`meets GrowthBook's case: ${name as string}`, () => {
      const test = compileCondition(condition as Condition, groupsOf((groups ?? {}) as Record<string, unknown>))
      assert.strictEqual(test(attributes), expected)
    })
  }
})
