import { assert, describe, it } from "@effect/vitest"
import type { FlagFile } from "../../../ports/experiments/FlagFile.ts"
import { checkFlagFile } from "./checkFlagFile.ts"
import { locallyEvaluable } from "./locallyEvaluable.ts"

const flag = (key: string, rule: object, more: object = {}): FlagFile["flags"][number] => ({
  key,
  type: "boolean",
  enabled: true,
  off_variant: "off",
  default_variant: "off",
  variants: [
    { name: "on", value: true },
    { name: "off", value: false }
  ],
  rules: [{ id: "one", serve: { variant: "on" }, ...rule }],
  ...more
})
const experiment = (id: string, more: object) => ({
  id,
  running: true,
  phase: 1,
  variants: [{ variant: "on", weight: 100 }],
  ...more
})
const buyers = { $savedGroup: { id: "buyers" } }
const file: FlagFile = {
  version: 1,
  groups: [
    { id: "buyers", type: "cohort", cohort: "c1" },
    { id: "german-buyers", type: "condition", condition: { country: "DE", ...buyers } },
    { id: "staff", type: "list", attribute: "user_id", values: ["ada"] }
  ],
  experiments: [experiment("for-buyers", { condition: buyers }), experiment("for-all", {})],
  flags: [
    flag("free", { condition: { $savedGroup: { id: "staff" } } }),
    flag("direct", { condition: { user_id: { $notInGroup: "buyers" } } }),
    flag("through-group", { condition: { $not: { $savedGroup: { id: "german-buyers" } } } }),
    flag("through-experiment", { serve: { experiment: "for-buyers" } }),
    flag("fair", { serve: { experiment: "for-all" } }),
    flag("through-flag", {}, { prerequisites: [{ flag: "through-experiment", condition: { value: true } }] }),
    flag("far", { prerequisites: [{ flag: "through-flag", condition: { value: true } }] })
  ]
}

describe("what can be evaluated without the service", () => {
  it("leaves out flags that come to a cohort on whatever way, and stays whole", () => {
    const { experiments = [], flags, groups = [] } = locallyEvaluable(file)
    assert.deepStrictEqual(
      flags.map(({ key }) => key),
      ["free", "fair"]
    )
    assert.deepStrictEqual(
      experiments.map(({ id }) => id),
      ["for-all"]
    )
    assert.deepStrictEqual(
      groups.map(({ id }) => id),
      ["staff"]
    )
    assert.deepStrictEqual(checkFlagFile(locallyEvaluable(file)), [])
  })

  it("is the file itself where there is no cohort", () => {
    const plain = { ...file, groups: [], flags: [], experiments: [] }
    assert.strictEqual(locallyEvaluable(plain), plain)
  })
})
