import { GrowthBook } from "@growthbook/growthbook"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import type { EvaluatedExperiment, EvaluatedFlag, FlagFile, FlagRule } from "../../../ports/experiments/FlagFile.ts"
import type { Condition } from "../../../ports/targeting/Condition.ts"
import { compileFlags } from "./CompiledFlags.ts"
import { evaluate } from "./evaluate.ts"
import { growthbookFeatures } from "./growthbookFeatures.ts"

const variants = ["a", "b", "c"]
const flagOf = (key: string, more: Partial<EvaluatedFlag> = {}): EvaluatedFlag => ({
  key,
  type: "string",
  variants: variants.map((name) => ({ name, value: `${key}:${name}` })),
  enabled: true,
  off_variant: "a",
  default_variant: "b",
  rules: [],
  ...more
})
const experimentOf = (id: string, more: Partial<EvaluatedExperiment> = {}): EvaluatedExperiment => ({
  id,
  running: true,
  phase: 1,
  hash: "growthbook_2",
  variants: [
    { variant: "a", weight: 50 },
    { variant: "b", weight: 50 }
  ],
  ...more
})
const fileOf = (flags: ReadonlyArray<EvaluatedFlag>, more: Partial<FlagFile> = {}): FlagFile => ({
  version: 1,
  flags,
  ...more
})

const ids = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map((id) => `u${id}`),
  fc.integer({ min: 1, max: 40 }),
  fc.constantFrom("", null, true, undefined)
)
const attributes = fc.record(
  {
    user_id: ids,
    anonymous_id: ids,
    company: ids,
    country: fc.constantFrom("DE", "FR", "US"),
    plan: fc.constantFrom("free", "pro", null),
    version: fc.constantFrom("1.2.0", "1.10.0", "2.0.0-beta"),
    age: fc.integer({ min: 0, max: 90 })
  },
  { requiredKeys: [] }
)
const condition: fc.Arbitrary<Condition> = fc.constantFrom<Condition>(
  {},
  { country: "DE" },
  { country: { $in: ["FR", "US"] } },
  { age: { $gte: 18, $lt: 60 } },
  { version: { $vgte: "1.9.0" } },
  { $or: [{ plan: "pro" }, { age: { $gt: 65 } }] },
  { $not: { country: "DE" } },
  { user_id: { $inGroup: "staff" } },
  { $savedGroup: { id: "adults" } },
  { country: { $regex: "^[DF]" } }
)
const prerequisiteCondition = fc.constantFrom<Condition>(
  { value: { $in: ["f0:a", "f1:a", "f0:b"] } },
  { value: { $regex: ":b$" } },
  { $not: { value: "f0:a" } }
)
const percent = fc.constantFrom(0, 1, 33.33, 50, 99.99, 100)
const hash = fc.constantFrom<NonNullable<FlagRule["hash"]>>("growthbook_1", "growthbook_2")
const unit = fc.constantFrom(["user_id"], ["user_id", "anonymous_id"], ["company"], ["company", "user_id"])
const weights = fc
  .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }))
  .map(([one, two]) => [Math.min(one, two), Math.abs(one - two), 100 - Math.max(one, two)])
const shares = weights.map((each) => each.map((weight, at) => ({ variant: variants[at]!, weight })))
const served: fc.Arbitrary<FlagRule["serve"]> = fc.oneof(
  fc.constantFrom(...variants).map((variant) => ({ variant })),
  shares.map((split) => ({ split })),
  fc.constantFrom("e0", "e1").map((experiment) => ({ experiment }))
)
const optional = <A>(name: string, of: fc.Arbitrary<A>) =>
  fc.option(of, { nil: undefined }).map((value) => (value === undefined ? {} : { [name]: value }))
const prerequisites = (at: number) =>
  fc.array(
    fc.record({
      flag: fc.integer({ min: 0, max: at - 1 }).map((before) => `f${before}`),
      condition: prerequisiteCondition
    }),
    { minLength: 1, maxLength: 2 }
  )
const merged = (parts: ReadonlyArray<object>) => Object.assign({}, ...parts) as Record<string, unknown>
const ruleAt = (at: number, place: number) =>
  fc
    .tuple(
      optional("condition", condition),
      optional("percent", percent),
      optional("unit", unit),
      optional("seed", fc.constantFrom("s1", "s2")),
      at === 0 ? fc.constant({}) : optional("prerequisites", prerequisites(at)),
      fc.record({ hash, serve: served })
    )
    .map((parts) => ({ id: `r${place}`, ...merged(parts) }) as unknown as FlagRule)
const flagAt = (at: number) =>
  fc
    .tuple(
      at === 0 ? fc.constant({}) : optional("prerequisites", prerequisites(at)),
      optional("off_variant", fc.constantFrom("a", null)),
      optional("default_variant", fc.constantFrom("c", null)),
      fc.record({
        enabled: fc.integer({ min: 0, max: 9 }).map((chance) => chance > 0),
        rules: fc.tuple(ruleAt(at, 0), ruleAt(at, 1), ruleAt(at, 2))
      })
    )
    .map((parts) => flagOf(`f${at}`, merged(parts) as Partial<EvaluatedFlag>))
const experimentAt = (id: string) =>
  fc
    .tuple(
      optional("condition", condition),
      optional("percent", percent),
      optional("unit", unit),
      optional("seed", fc.constantFrom("s1", "s3")),
      fc.record({ hash, variants: shares, running: fc.integer({ min: 0, max: 9 }).map((chance) => chance > 1) })
    )
    .map((parts) => experimentOf(id, merged(parts) as Partial<EvaluatedExperiment>))
const override = fc.record({
  id: fc.constantFrom("o1", "o2"),
  target: fc.constantFrom({ flag: "f1" }, { experiment: "e0" }),
  variant: fc.constantFrom("a", "b"),
  attribute: fc.constantFrom("user_id", "company"),
  units: fc.array(
    fc.integer({ min: 0, max: 40 }).map((id) => (id % 2 === 0 ? `u${id}` : String(id))),
    { maxLength: 10 }
  )
})
const file = fc
  .tuple(
    fc.tuple(flagAt(0), flagAt(1), flagAt(2), flagAt(3)),
    fc.tuple(experimentAt("e0"), experimentAt("e1")),
    fc.array(override, { maxLength: 2 })
  )
  .map(([flags, experiments, overrides]) =>
    fileOf(flags, {
      experiments,
      overrides,
      groups: [
        { id: "staff", type: "list", attribute: "user_id", values: ["u1", "u2", 3] },
        { id: "adults", type: "condition", condition: { age: { $gte: 18 } } }
      ]
    })
  )

describe("the features of GrowthBook's clients", () => {
  it("have, evaluated by its published client, the values, variants and experiments that we give", () => {
    let compared = 0
    fc.assert(
      fc.property(file, fc.array(attributes, { minLength: 10, maxLength: 10 }), (of, contexts) => {
        const { features, remoteOnly, savedGroups } = growthbookFeatures(of)
        const compiled = compileFlags(of)
        assert.deepStrictEqual(remoteOnly, [])
        const client = new GrowthBook({ features: features as never, savedGroups: savedGroups as never })
        for (const context of contexts) {
          // As they come over the wire: what is undefined is not there.
          const given = JSON.parse(JSON.stringify(context)) as Record<string, unknown>
          void client.setAttributes(given)
          for (const { key } of of.flags) {
            const ours = evaluate(compiled, key, { attributes: given })!
            const theirs = client.evalFeature(key)
            const about = `${key} for ${JSON.stringify(given)} in ${JSON.stringify(of)}`
            assert.deepStrictEqual(theirs.value ?? null, ours.value ?? null, about)
            assert.strictEqual(theirs.experiment?.key, ours.assignment?.experiment, about)
            assert.strictEqual(theirs.experimentResult?.key, ours.assignment?.variant, about)
            assert.strictEqual(theirs.experimentResult?.hashAttribute, ours.assignment?.unit_attribute, about)
            compared += 1
          }
        }
        client.destroy()
      }),
      { numRuns: 150 }
    )
    assert.isAtLeast(compared, 150 * 40)
  })

  it("leave out what they would evaluate otherwise, and what depends on it", () => {
    const half = [{ id: "half", percent: 50, serve: { variant: "a" } }]
    const split = (hash?: FlagRule["hash"]) => [
      {
        id: "split",
        ...(hash === undefined ? {} : { hash }),
        serve: {
          split: [
            { variant: "a", weight: 50 },
            { variant: "b", weight: 50 }
          ]
        }
      }
    ]
    const tried = (experiment: string) => [{ id: "try", serve: { experiment } }]
    const gate = (flag: string) => ({ prerequisites: [{ flag, condition: { value: "x" } }] })
    const flags = [
      flagOf("whole", { rules: [{ id: "all", serve: { variant: "c" } }] }),
      flagOf("own-share", { rules: half }),
      flagOf("own-split", { rules: split() }),
      flagOf("unleash", { rules: split("unleash") }),
      flagOf("known", { rules: split("growthbook_1") }),
      flagOf("own-experiment", { rules: tried("own") }),
      flagOf("layered", { rules: tried("layered") }),
      flagOf("moved", { rules: tried("moved") }),
      flagOf("lonely", { rules: tried("lonely") }),
      flagOf("ended", { rules: tried("ended") }),
      flagOf("fine", { rules: tried("fine") }),
      flagOf("held", { team: "growth", rules: tried("held") }),
      flagOf("released", { team: "growth", rules: [{ id: "new", release: true, serve: { variant: "a" } }] }),
      flagOf("of-another-team", { rules: [{ id: "new", release: true, serve: { variant: "a" } }] }),
      flagOf("depends", gate("own-share")),
      flagOf("depends-further", { rules: [{ id: "r", ...gate("depends"), serve: { variant: "a" } }] }),
      flagOf("of-variant", { prerequisites: [{ flag: "whole", condition: { variant: "c" } }] }),
      flagOf("off", { enabled: false, rules: half })
    ]
    const { features, remoteOnly } = growthbookFeatures(
      fileOf(flags, {
        holdouts: [
          { id: "team", percent: 10, team: "growth" },
          { id: "nobody", percent: 0 }
        ],
        experiments: [
          experimentOf("own", { hash: "sha256" }),
          experimentOf("layered", { layer: { id: "home", slots: [{ from: 0, to: 10 }] } }),
          experimentOf("moved", { step: 2, sticky_since: 1 }),
          experimentOf("lonely", { variants: [{ variant: "a", weight: 100 }] }),
          experimentOf("ended", { hash: "sha256", running: false }),
          experimentOf("held", { team: "growth" }),
          experimentOf("fine")
        ]
      })
    )
    assert.deepStrictEqual(remoteOnly, [
      "own-share",
      "own-split",
      "unleash",
      "own-experiment",
      "layered",
      "moved",
      "lonely",
      "held",
      "released",
      "depends",
      "depends-further",
      "of-variant"
    ])
    assert.deepStrictEqual(Object.keys(features), ["whole", "known", "ended", "fine", "of-another-team", "off"])
    assert.deepStrictEqual(features["off"], { defaultValue: "off:a" })
    assert.deepStrictEqual(features["ended"], { defaultValue: "ended:b" })
  })

  it("keep stored variants of the oldest version that counts, and block older ones where they are excluded", () => {
    const versions = { bucket_version: 4, bucket_version_min: 2, sticky_since: 1 }
    const ruleOf = (more: Partial<EvaluatedExperiment>) => {
      const of = fileOf([flagOf("f", { rules: [{ id: "try", serve: { experiment: "e" } }] })], {
        experiments: [experimentOf("e", { unit: ["user_id"], ...more })]
      })
      return growthbookFeatures(of).features["f"]!.rules![0]!
    }
    assert.deepInclude(ruleOf({ ...versions, old_assignments: "exclude" }), { bucketVersion: 2, minBucketVersion: 2 })
    assert.deepInclude(ruleOf({ ...versions, old_assignments: "rebucket" }), { bucketVersion: 2, minBucketVersion: 0 })
    assert.deepInclude(ruleOf({}), { disableStickyBucketing: true })
  })
})
