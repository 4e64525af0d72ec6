import { assert, describe, it } from "@effect/vitest"
import type { EvaluatedExperiment, EvaluatedFlag, FlagRule } from "../../../ports/experiments/FlagFile.ts"
import { variantsServed } from "./variantsServed.ts"

const flag = (rules: ReadonlyArray<FlagRule>, more: Partial<EvaluatedFlag> = {}): EvaluatedFlag => ({
  key: "f",
  type: "boolean",
  variants: [
    { name: "on", value: true },
    { name: "off", value: false }
  ],
  enabled: true,
  off_variant: "off",
  default_variant: "off",
  rules,
  ...more
})
const experiment = (running: boolean): EvaluatedExperiment => ({
  id: "e",
  running,
  phase: 1,
  variants: [
    { variant: "on", weight: 50 },
    { variant: "off", weight: 50 }
  ]
})
const on: FlagRule = { id: "r", serve: { variant: "on" } }
const nothing = { experiments: [], holdouts: [] }
const gate = [{ flag: "g", condition: { value: true } }]

describe("variants that a flag can give", () => {
  const cases: ReadonlyArray<readonly [string, EvaluatedFlag, ReadonlyArray<string | null>]> = [
    ["off: the off variant alone", flag([on], { enabled: false }), ["off"]],
    ["no rule: the default", flag([]), ["off"]],
    ["no default: the code's own", flag([], { default_variant: null }), [null]],
    [
      "a rule for all: its own, whatever comes behind it",
      flag([on, { ...on, id: "s", serve: { variant: "off" } }]),
      ["on"]
    ],
    ["a condition: both", flag([{ ...on, condition: { country: "DE" } }]), ["off", "on"]],
    ["an empty condition is met by all", flag([{ ...on, condition: {} }]), ["on"]],
    ["a share: both", flag([{ ...on, percent: 99.99 }]), ["off", "on"]],
    ["a share of everything: its own", flag([{ ...on, percent: 100 }]), ["on"]],
    ["a share of nothing: the default", flag([{ ...on, percent: 0 }]), ["off"]],
    ["a rule that is off: the default", flag([{ ...on, enabled: false }]), ["off"]],
    ["a prerequisite of the flag: off, too", flag([on], { prerequisites: gate }), ["off", "on"]],
    ["a prerequisite of the rule: both", flag([{ ...on, prerequisites: gate }]), ["off", "on"]],
    [
      "a split of which one side has all: that one",
      flag([
        {
          id: "r",
          serve: {
            split: [
              { variant: "on", weight: 100 },
              { variant: "off", weight: 0 }
            ]
          }
        }
      ]),
      ["on"]
    ],
    [
      "conditions that all serve the same as the default: that",
      flag([{ ...on, condition: { country: "DE" } }], { default_variant: "on" }),
      ["on"]
    ]
  ]
  for (const [name, given, expected] of cases) {
    it(name, () => assert.deepStrictEqual([...variantsServed(given, nothing)].toSorted(), expected))
  }

  it("of an experiment: its variants while it runs, the default once it has stopped", () => {
    const serving = flag([{ id: "r", serve: { experiment: "e" } }])
    const of = (running: boolean) => [...variantsServed(serving, { ...nothing, experiments: [experiment(running)] })]
    assert.deepStrictEqual(of(true).toSorted(), ["off", "on"])
    assert.deepStrictEqual(of(false), ["off"])
  })

  it("of a release: the default, too, while a holdout of everybody or of its team binds it", () => {
    const release = flag([{ ...on, release: true }], { team: "shop" })
    const of = (team?: string) => [
      ...variantsServed(release, { experiments: [], holdouts: [{ id: "h", percent: 5, ...(team ? { team } : {}) }] })
    ]
    assert.deepStrictEqual(of().toSorted(), ["off", "on"])
    assert.deepStrictEqual(of("shop").toSorted(), ["off", "on"])
    assert.deepStrictEqual(of("other"), ["on"])
  })
})
