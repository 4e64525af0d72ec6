import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Evaluation, EvaluationContext } from "../../../ports/experiments/Evaluation.ts"
import { FlagFile } from "../../../ports/experiments/FlagFile.ts"
import { checkFlagFile } from "./checkFlagFile.ts"
import { compileFlags } from "./CompiledFlags.ts"
import { assignVariant, evaluate, evaluateMany, explain } from "./evaluate.ts"
import golden from "./evaluations.golden.json" with { type: "json" }

const file = Schema.decodeUnknownSync(FlagFile)(golden.file)
const flags = compileFlags(file)

const seen = ({ assignment, held_out, value, ...rest }: Evaluation) => ({
  value: value ?? null,
  has_value: value !== undefined,
  variant: rest.variant,
  reason: rest.reason,
  rule: rest.rule,
  bucket: rest.bucket,
  from: assignment?.from ?? null,
  held_out: held_out === null ? null : { holdout: held_out.holdout, experiment: held_out.experiment },
  prerequisite: rest.prerequisite,
  forced: rest.forced
})

/** A file of one boolean flag, or more. */
const flag = (key: string, more: object = {}): FlagFile["flags"][number] => ({
  key,
  type: "boolean",
  enabled: true,
  off_variant: "no",
  default_variant: "yes",
  variants: [
    { name: "yes", value: true },
    { name: "no", value: false }
  ],
  rules: [],
  ...more
})
const fileOf = (...all: ReadonlyArray<FlagFile["flags"][number]>): FlagFile => ({ version: 1, flags: all })
const mistakes = (of: FlagFile) => checkFlagFile(of).map(({ code, pointer }) => `${pointer} ${code}`)

describe("evaluation", () => {
  it("answers as the vectors say, alone, among all, and explained", () => {
    assert.strictEqual(golden.version, 1)
    assert.isAbove(golden.cases.length, 500)
    for (const { context, expected, key } of golden.cases) {
      const given = context as EvaluationContext
      const found = evaluate(flags, key, given)!
      assert.deepStrictEqual(seen(found) as object, expected, `${key} for ${JSON.stringify(context)}`)
      assert.deepStrictEqual(
        evaluateMany(flags, given).find((each) => each.key === key),
        found
      )
      assert.deepStrictEqual(explain(flags, key, given)!.evaluation, found)
    }
  })

  it("finds no mistake in the vectors' file", () => {
    assert.deepStrictEqual(checkFlagFile(file), [])
  })

  it("knows no flag and no experiment that is not in the file", () => {
    assert.isUndefined(evaluate(flags, "nothing", { attributes: {} }))
    assert.isUndefined(assignVariant(flags, "nothing", { attributes: {} }))
    assert.deepStrictEqual(
      evaluateMany(flags, { attributes: {} }, ["nothing", "off"]).map(({ key }) => key),
      ["off"]
    )
  })

  it("tells of each rule why it did not serve", () => {
    const { trace } = explain(flags, "price", { attributes: { user_id: "u3", country: "ES" } })!
    assert.deepStrictEqual(
      trace.map(({ detail, outcome, rule }) => [rule, outcome, detail]),
      [
        ["ended", "off", null],
        ["test", "condition", "/country/$in"],
        ["half-of-us", "condition", "/country"]
      ]
    )
  })

  it("says of a sticky experiment that the hash decided because the store was away", () => {
    const experiment = { id: "e", running: true, phase: 1, variants: [{ variant: "a", weight: 100 }] }
    const attributes = { user_id: "u1" }
    const fromOf = (sticky_since: number | undefined, stored: "unavailable" | undefined) => {
      const sticky = sticky_since === undefined ? {} : { sticky_since }
      const compiled = compileFlags({ version: 1, flags: [], experiments: [{ ...experiment, ...sticky }] })
      const assigned = assignVariant(compiled, "e", { attributes, ...(stored === undefined ? {} : { stored }) })
      return assigned?.kind === "assigned" ? assigned.assignment.from : assigned?.kind
    }
    assert.strictEqual(fromOf(1, "unavailable"), "unavailable")
    assert.strictEqual(fromOf(1, undefined), "hash")
    assert.strictEqual(fromOf(undefined, "unavailable"), "hash")
  })

  it("serves what a flag serves when a prerequisite is not met, where it depends on itself", () => {
    const cyclic = fileOf(
      flag("a", { prerequisites: [{ flag: "b", condition: { value: true } }] }),
      flag("b", {
        rules: [{ id: "r", prerequisites: [{ flag: "a", condition: { value: true } }], serve: { variant: "no" } }]
      })
    )
    assert.deepStrictEqual(mistakes(cyclic), [
      "/flags/0/prerequisites/0/flag cycle",
      "/flags/1/rules/0/prerequisites/0/flag cycle"
    ])
    const compiled = compileFlags(cyclic)
    assert.strictEqual(evaluate(compiled, "a", { attributes: {} })!.value, true)
    assert.strictEqual(evaluate(compiled, "b", { attributes: {} })!.value, true)
  })

  it("keeps the units of a share that grows", () => {
    const shared = (percent: number) =>
      compileFlags(fileOf(flag("f", { rules: [{ id: "r", percent, serve: { variant: "no" } }] })))
    const taken = (percent: number) => {
      const compiled = shared(percent)
      const units = Array.from({ length: 5000 }, (_, at) => `u${at}`)
      return new Set(units.filter((user_id) => evaluate(compiled, "f", { attributes: { user_id } })!.rule === "r"))
    }
    const [ten, twenty] = [taken(10), taken(20)]
    assert.isTrue([...ten].every((unit) => twenty.has(unit)))
    assert.approximately(ten.size, 500, 70)
    assert.approximately(twenty.size, 1000, 100)
  })

  it("compares with those held out an equal slice that gets what all get, at the same triggers", () => {
    const release = flag("released", { rules: [{ id: "all", release: true, serve: { variant: "yes" } }] })
    const compiled = compileFlags({
      ...fileOf(release),
      holdouts: [
        { id: "first", percent: 10 },
        { id: "second", percent: 20 }
      ],
      experiments: [{ id: "e", running: true, phase: 1, variants: [{ variant: "a", weight: 100 }] }]
    })
    const tally: Record<string, [held: number, compared: number]> = { first: [0, 0], second: [0, 0] }
    for (let number = 0; number < 5000; number += 1) {
      const context = { attributes: { user_id: `u${number}` } }
      const assigned = assignVariant(compiled, "e", context)!
      if (assigned.kind === "passed_over") return assert.fail(assigned.why)
      const released = evaluate(compiled, "released", context)!
      const held = assigned.kind === "held_out" ? assigned.heldOut.holdout : undefined
      assert.strictEqual(released.held_out?.holdout, held)
      const holdoutsOf = (compared: typeof assigned.compared) => compared.map(({ holdout }) => holdout)
      assert.deepStrictEqual(holdoutsOf(released.compared), holdoutsOf(assigned.compared))
      // A holdout that comes first has its slice whatever the next ones hold.
      assert.isFalse(held === "first" && assigned.compared.length > 0)
      if (held !== undefined) tally[held]![0] += 1
      for (const { holdout } of assigned.compared) {
        assert.notStrictEqual(holdout, held)
        tally[holdout]![1] += 1
      }
    }
    for (const [held, compared] of Object.values(tally)) {
      assert.isAbove(held, 400)
      assert.isBelow(Math.abs(held - compared), 4 * Math.sqrt(held + compared))
    }
  })

  it("puts nobody into two experiments of one layer", () => {
    for (let at = 0; at < 2000; at += 1) {
      const context = { attributes: { user_id: `u${at}` } }
      const both = ["layer-a", "layer-b"].map((id) => assignVariant(flags, id, context)!.kind)
      assert.isFalse(both.every((kind) => kind !== "passed_over"))
    }
  })
})

describe("the check of a file of flags", () => {
  it("names the place of each mistake", () => {
    const wrong: FlagFile = {
      ...fileOf(
        flag("a", {
          type: "number",
          variants: [
            { name: "yes", value: 1 },
            { name: "yes", value: "2" }
          ],
          off_variant: "gone",
          rules: [
            {
              id: "r",
              serve: {
                split: [
                  { variant: "yes", weight: 60 },
                  { variant: "no", weight: 50 }
                ]
              }
            },
            { id: "r", condition: { user_id: { $inGroup: "nobody" }, x: { $foo: 1 } }, serve: { experiment: "e" } }
          ]
        }),
        flag("a", { prerequisites: [{ flag: "missing", condition: {} }] })
      ),
      experiments: [
        {
          id: "x",
          running: true,
          phase: 1,
          variants: [{ variant: "a", weight: 99 }],
          layer: { id: "l", slots: [{ from: 0, to: 10 }] }
        },
        {
          id: "y",
          running: true,
          phase: 1,
          variants: [{ variant: "a", weight: 100 }],
          layer: {
            id: "l",
            slots: [
              { from: 5, to: 5 },
              { from: 9, to: 20 }
            ]
          }
        }
      ]
    }
    assert.deepStrictEqual(mistakes(wrong), [
      "/flags/1/key duplicate",
      "/flags/0/variants/1/name duplicate",
      "/flags/0/variants/1/value wrong_type",
      "/flags/0/off_variant unknown_variant",
      "/flags/0/rules/1/id duplicate",
      "/flags/0/rules/0/serve/split weights",
      "/flags/0/rules/0/serve unknown_variant",
      "/flags/0/rules/1/condition/x/$foo unknown_operator",
      "/flags/0/rules/1/condition unknown_group",
      "/flags/0/rules/1/serve/experiment unknown_experiment",
      "/flags/1/prerequisites/0/flag unknown_flag",
      "/experiments/0/variants weights",
      "/experiments/1/layer/slots/0 empty_range",
      "/experiments/1/layer/slots/1 taken"
    ])
  })

  it("limits the length of a chain of flags", () => {
    const chain = Array.from({ length: 12 }, (_, at) =>
      flag(`f${at}`, at === 11 ? {} : { prerequisites: [{ flag: `f${at + 1}`, condition: { value: true } }] })
    )
    assert.deepStrictEqual(mistakes(fileOf(...chain)), ["/flags/0 too_deep"])
    assert.strictEqual(evaluate(compileFlags(fileOf(...chain)), "f0", { attributes: {} })!.value, true)
  })

  it("takes time that grows with the file alone, whatever depends on whatever", () => {
    const layers = 20
    const width = 10
    const all = Array.from({ length: layers * width }, (_, at) => {
      const below = Math.floor(at / width) + 1
      const prerequisites = Array.from({ length: width }, (__, each) => ({
        flag: `f${((below % layers) * width + each).toString()}`,
        condition: { value: true }
      }))
      return flag(`f${at}`, { prerequisites })
    })
    const found = checkFlagFile(fileOf(...all))
    assert.strictEqual(found.filter(({ code }) => code === "cycle").length, layers * width * width)
  })

  it("refuses groups that hold more than a condition may, or themselves", () => {
    const doubled = (at: number) => ({ $or: [{ $savedGroup: { id: `g${at}` } }, { $savedGroup: { id: `g${at}` } }] })
    const groups = Array.from({ length: 40 }, (_, at) => ({
      id: `g${at}`,
      type: "condition" as const,
      condition: at === 39 ? { plan: "pro" } : doubled(at + 1)
    }))
    const codes = (of: FlagFile) => new Set(checkFlagFile(of).map(({ code }) => code))
    assert.deepStrictEqual(codes({ ...fileOf(), groups }), new Set(["too_many"]))
    const circle = [
      { id: "a", type: "condition" as const, condition: { $savedGroup: { id: "b" } } },
      { id: "b", type: "condition" as const, condition: { $savedGroup: { id: "a" } } }
    ]
    assert.isTrue(codes({ ...fileOf(), groups: circle }).has("cycle"))
  })
})
