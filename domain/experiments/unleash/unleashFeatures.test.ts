import * as fc from "fast-check"
import { Unleash } from "unleash-client"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { EvaluatedFlag, FlagFile, FlagRule } from "../../../ports/experiments/FlagFile.ts"
import type { UnleashContext } from "../../../ports/experiments/Unleash.ts"
import { compileFlags } from "../evaluation/CompiledFlags.ts"
import { evaluate } from "../evaluation/evaluate.ts"
import { attributesOf } from "./unleashContext.ts"
import { unleashFeatures } from "./unleashFeatures.ts"

const seed = Number(process.env["SEED"] ?? 20_261_130)
const of = <Value>(...values: ReadonlyArray<Value>) => fc.constantFrom(...values)

const tests = fc.oneof(
  fc.record({ country: of("DE", "FR", "null", " DE", "5") }),
  fc.record({ user_id: fc.record({ $in: fc.array(of("u1", "u2", "u3", "7"), { maxLength: 3 }) }) }),
  fc.record({ country: fc.record({ $nin: fc.array(of("DE", "US", "3"), { maxLength: 2 }) }) }),
  fc.record({ country: fc.record({ $ne: of("DE", "5") }) }),
  fc.record({ seats: of(0, 5, -3) }),
  fc.record({ seats: fc.record({ $gt: of(-1, 0, 5) }) }),
  fc.record({ seats: fc.record({ $exists: fc.constant(true), $lt: of(-1, 0, 5) }) }),
  fc.record({ seats: fc.record({ $lte: of(-1, 0, 5) }) }),
  fc.record({ version: fc.record({ $vgt: of("1.2.3", "0.0.0", "2.0") }) }),
  fc.record({ version: fc.record({ $exists: fc.constant(true), $vlt: of("1.2.3", "10.0.0") }) }),
  fc.record({ version: fc.record({ $vgte: fc.constant("1.2.3") }) }),
  fc.record({ plan: fc.record({ $inGroup: of("plans", "nowhere") }) }),
  fc.record({ $savedGroup: fc.record({ id: of("plans", "germans") }) }),
  fc.constant({ $or: [{ country: "DE" }] }),
  fc.constant({ plan: { $regex: "^p" } }),
  fc.constant({})
)
const condition = fc.oneof(
  { weight: 5, arbitrary: tests },
  { weight: 1, arbitrary: fc.record({ $not: tests }) },
  { weight: 1, arbitrary: fc.record({ $and: fc.array(tests, { maxLength: 2 }) }) }
)

const ruleOf = (serve: fc.Arbitrary<FlagRule["serve"]>): fc.Arbitrary<FlagRule> =>
  fc.record(
    {
      id: fc.constant("r"),
      condition,
      percent: of(0, 12.5, 30, 70, 100),
      hash: of("unleash", "unleash", "unleash", "sha256"),
      seed: of("s1", "s2"),
      unit: of(["user_id"], ["anonymous_id"], ["plan"], ["user_id", "plan"]),
      serve
    },
    { requiredKeys: ["id", "serve"] }
  ) as fc.Arbitrary<FlagRule>

const prerequisites = fc.array(
  fc.record({ flag: of("on", "off"), condition: of({ value: true }, { value: true }, { value: false }) }),
  { minLength: 1, maxLength: 2 }
)

const flagOf = <Value>(
  type: EvaluatedFlag["type"],
  variants: ReadonlyArray<{ readonly name: string; readonly value: Value }>
): fc.Arbitrary<Omit<EvaluatedFlag, "key">> => {
  const variant = of(...variants.map(({ name }) => name))
  const split = fc.integer({ min: 0, max: 100 }).map((weight) => ({
    split: variants.slice(0, 2).map(({ name }, at) => ({ variant: name, weight: at === 0 ? weight : 100 - weight }))
  }))
  const serve = fc.oneof({ weight: 3, arbitrary: fc.record({ variant }) }, { weight: 1, arbitrary: split })
  return fc.record(
    {
      type: fc.constant(type),
      variants: fc.constant(variants),
      enabled: of(true, true, true, false),
      off_variant: fc.oneof(fc.constant(null), variant),
      default_variant: fc.oneof(fc.constant(null), variant),
      prerequisites,
      rules: fc.array(ruleOf(serve), { maxLength: 3 })
    },
    { requiredKeys: ["type", "variants", "enabled", "off_variant", "default_variant", "rules"] }
  )
}

const flag = fc.oneof(
  flagOf("boolean", [
    { name: "on", value: true },
    { name: "off", value: false }
  ]),
  flagOf("string", [
    { name: "a", value: "" },
    { name: "b", value: "grüß" }
  ]),
  flagOf("number", [
    { name: "none", value: 0 },
    { name: "some", value: 1.5 }
  ]),
  flagOf("json", [
    { name: "list", value: [1, null] },
    { name: "object", value: { a: { b: false } } }
  ])
)

const always = (key: string, value: string): EvaluatedFlag => ({
  key,
  type: "boolean",
  variants: [
    { name: "true", value: true },
    { name: "false", value: false }
  ],
  enabled: true,
  off_variant: "false",
  default_variant: value,
  rules: []
})

const file: FlagFile = {
  version: 1,
  flags: [
    always("on", "true"),
    always("off", "false"),
    ...fc.sample(flag, { numRuns: 1500, seed }).map((each, at) => ({
      ...each,
      key: `f${at}`,
      rules: each.rules.map((rule, place) => ({ ...rule, id: `r${place}` }))
    }))
  ],
  groups: [
    { id: "plans", type: "list", attribute: "plan", values: ["pro", "team"] },
    { id: "germans", type: "condition", condition: { country: "DE" } }
  ]
}

const context: fc.Arbitrary<UnleashContext> = fc.record(
  {
    userId: of("u1", "u2", "u3", "7", "u-4"),
    sessionId: of("s1", "s2"),
    properties: fc.record(
      {
        country: of<string | number>("DE", "FR", "", 5),
        seats: of<string | number>(0, 5, -3, 6, "5", "many", ""),
        version: of("1.2.3", "1.2.4", "0.9.0", "0.0.0"),
        plan: of("pro", "free", "team")
      },
      { requiredKeys: [] }
    )
  },
  { requiredKeys: ["userId", "sessionId"] }
)

const { features, leftOut } = unleashFeatures(file)
let client: Unleash
beforeAll(async () => {
  client = new Unleash({
    appName: "test",
    url: "http://127.0.0.1:9/api",
    bootstrap: { data: structuredClone(features) as never },
    refreshInterval: 0,
    disableMetrics: true,
    skipInstanceCountWarning: true
  })
  client.on("error", () => {})
  client.on("warn", () => {})
  await new Promise((ready) => client.once("ready", ready))
})
afterAll(() => client.destroy())

/** What the client says of a flag, as a value; nothing where it has none. */
const valueThere = ({ key, type }: EvaluatedFlag, asked: UnleashContext): unknown => {
  if (type === "boolean") return client.isEnabled(key, asked as never)
  const { enabled, payload } = client.getVariant(key, asked as never)
  if (!enabled || payload === undefined) return undefined
  if (type === "number") return Number(payload.value)
  return type === "json" ? JSON.parse(payload.value) : payload.value
}

describe("flags as Unleash's client evaluates them", () => {
  it("have the values that we serve", () => {
    const compiled = compileFlags(file)
    const told = new Set(features.map(({ name }) => name))
    for (const asked of fc.sample(context, { numRuns: 120, seed })) {
      const attributes = attributesOf(asked)
      for (const each of file.flags) {
        if (!told.has(each.key)) continue
        const { value } = evaluate(compiled, each.key, { attributes })!
        // A client has `false` where the code's own default is meant.
        const ours = each.type === "boolean" ? (value ?? false) : value
        assert.deepStrictEqual(valueThere(each, asked), ours, JSON.stringify({ each, asked }))
      }
    }
  })

  it("are told of every kind, or left out with a reason", () => {
    assert.strictEqual(features.length + leftOut.length, file.flags.length)
    for (const type of ["boolean", "string", "number", "json"]) {
      const some = file.flags.filter((each) => each.type === type && each.rules.length > 0 && each.enabled)
      const told = some.filter(({ key }) => features.some(({ name }) => name === key))
      assert.isAbove(told.length, some.length / 20, type)
    }
    const reasons = new Set(leftOut.map(({ reason }) => reason.replace(/-?\d.*/, "…")))
    assert.isAbove(reasons.size, 12, [...reasons].join("\n"))
  })

  it("say nothing of a rule that serves an experiment, has a holdout or another hash", () => {
    const one = (rule: Partial<FlagRule>, more: Partial<FlagFile> = {}) => {
      const rules = [{ id: "r", serve: { variant: "true" }, ...rule } as FlagRule]
      return unleashFeatures({ version: 1, flags: [{ ...always("f", "false"), rules }], ...more }).leftOut[0]?.reason
    }
    assert.isUndefined(one({}))
    assert.match(one({ serve: { experiment: "e" } })!, /experiment/)
    assert.match(one({ release: true }, { holdouts: [{ id: "h", percent: 5 }] })!, /holdout/)
    assert.isUndefined(one({ release: true }, { holdouts: [{ id: "h", percent: 5, team: "other" }] }))
    assert.match(one({ percent: 50 })!, /hash/)
    assert.isUndefined(one({ percent: 50, hash: "unleash" }))
  })
})
