import { GrowthBookClient } from "@growthbook/growthbook"
import { compileFlags } from "../../domain/experiments/evaluation/CompiledFlags.ts"
import { evaluate } from "../../domain/experiments/evaluation/evaluate.ts"
import type { BucketHash, FlagFile } from "../../ports/experiments/FlagFile.ts"
import type { Figure, Section } from "../Figure.ts"

const flagCount = 100
const ruleCount = 20
const contextCount = 200
const rounds = 5
const passes = 10

const countries = ["DE", "FR", "US", "GB", "ES"]
const plans = ["free", "pro", "team", "enterprise"]

/** What both evaluate: four tests of the context and a share of the units. */
const rulesOf = (flag: number, count: number) =>
  Array.from({ length: count }, (_, rule) => ({
    condition: {
      country: { $in: [countries[(flag + rule) % 5]!, countries[(flag + rule + 1) % 5]!] },
      plan: plans[(flag * 7 + rule) % 4]!,
      seats: { $gte: rule * 5 },
      version: { $vgte: `1.${rule}.0` }
    },
    seed: `s${flag}-${rule}`,
    percent: [10, 35, 60, 85][rule % 4]!
  }))

const fileOf = (count: number, hash: BucketHash): FlagFile => ({
  version: 1,
  flags: Array.from({ length: flagCount }, (_, flag) => ({
    key: `f${flag}`,
    type: "number" as const,
    enabled: true,
    off_variant: null,
    default_variant: "v0",
    variants: Array.from({ length: count + 1 }, (__, value) => ({ name: `v${value}`, value })),
    rules: rulesOf(flag, count).map(({ condition, percent, seed }, at) => ({
      id: `r${at}`,
      condition,
      percent,
      hash,
      seed,
      serve: { variant: `v${at + 1}` }
    }))
  }))
})

const clientOf = (count: number) =>
  new GrowthBookClient().initSync({
    payload: {
      features: Object.fromEntries(
        Array.from({ length: flagCount }, (_, flag) => [
          `f${flag}`,
          {
            defaultValue: 0,
            rules: rulesOf(flag, count).map(({ condition, percent, seed }, at) => ({
              condition,
              force: at + 1,
              coverage: percent / 100,
              hashAttribute: "user_id",
              seed,
              hashVersion: 2
            }))
          }
        ])
      )
    }
  })

const contexts = Array.from({ length: contextCount }, (_, user) => ({
  user_id: `user-${user}`,
  country: countries[user % 5]!,
  plan: plans[user % 4]!,
  seats: user % 100,
  version: `1.${user % 25}.3`
}))
const keys = Array.from({ length: flagCount }, (_, flag) => `f${flag}`)

const nanosOf = (evaluateAll: () => void): number => {
  const started = process.hrtime.bigint()
  for (let pass = 0; pass < passes; pass += 1) evaluateAll()
  return Number(process.hrtime.bigint() - started) / (passes * contextCount * flagCount)
}

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

/** Both in turns, so that whatever else the machine does meets both. */
const compared = (count: number, hash: BucketHash) => {
  const flags = compileFlags(fileOf(count, hash))
  const client = clientOf(count)
  const ours = () => {
    for (const attributes of contexts) for (const key of keys) evaluate(flags, key, { attributes })
  }
  const theirs = () => {
    for (const attributes of contexts) {
      const user = { attributes }
      for (const key of keys) client.getFeatureValue(key, 0, user)
    }
  }
  const unequal = contexts.flatMap((attributes) =>
    keys.filter((key) => evaluate(flags, key, { attributes })!.value !== client.getFeatureValue(key, 0, { attributes }))
  ).length
  ours()
  theirs()
  const measured = Array.from({ length: rounds }, () => ({ ours: nanosOf(ours), theirs: nanosOf(theirs) }))
  const own = median(measured.map((each) => each.ours))
  const other = median(measured.map((each) => each.theirs))
  return { own, other, ratio: median(measured.map((each) => each.theirs / each.ours)), unequal }
}

const nanos = (value: number): string => `${Math.round(value).toLocaleString("en")} ns`

/** Evaluation in the process against one client of GrowthBook that is used again, on the same flags and contexts. */
export const flags: Section = {
  name: "flags",
  run: () => {
    const figures: Array<Figure> = []
    const add = (name: string, count: number, hash: BucketHash, bound?: number) => {
      const { other, own, ratio, unequal } = compared(count, hash)
      if (hash === "growthbook_2" && unequal > 0)
        throw new Error(`${unequal} of ${flagCount * contextCount} answers differ`)
      figures.push({
        section: "flags",
        name,
        value: ratio,
        unit: "× as fast as GrowthBook's client",
        ...(bound === undefined ? {} : { goal: { is: "at least", bound } }),
        seen: `${nanos(own)} an evaluation, the client ${nanos(other)}`
      })
    }
    add("100 flags of 20 rules, GrowthBook's hash, equal answers", ruleCount, "growthbook_2", 3)
    add("100 flags of one rule, GrowthBook's hash, equal answers", 1, "growthbook_2")
    add("100 flags of 20 rules, our SHA-256", ruleCount, "sha256")
    return Promise.resolve(figures)
  }
}
