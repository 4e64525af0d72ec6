import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { PairCounts } from "./PairCounts.ts"

type Walk = readonly [step: number, from: number, to: number, sum: number]

const check = (walks: ReadonlyArray<Walk>) => {
  const counts = new PairCounts()
  const expected = new Map<string, { people: number; sum: number }>()
  for (const [step, from, to, sum] of walks) {
    const key = `${step} ${from} ${to}`
    const before = expected.get(key) ?? { people: 0, sum: 0 }
    expected.set(key, { people: before.people + 1, sum: before.sum + sum })
    const pair = counts.add(step, from, to, sum)
    assert.deepStrictEqual([counts.step(pair), counts.from(pair), counts.to(pair)], [step, from, to])
  }
  assert.strictEqual(counts.size, expected.size)
  const held = Array.from({ length: counts.size }, (_, pair) => [
    `${counts.step(pair)} ${counts.from(pair)} ${counts.to(pair)}`,
    { people: counts.people(pair), sum: counts.sum(pair) }
  ])
  assert.deepStrictEqual(held, [...expected])
}

const node = fc.oneof(fc.nat(3), fc.nat(2 ** 27 - 1))

describe("counts of pairs", () => {
  it("are those of a plain map, in the order in which pairs came", () =>
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(20), node, node, fc.nat(9)), { maxLength: 200 }), check)))

  it("grow", () => check(Array.from({ length: 20_000 }, (_, index) => [index % 20, index >> 3, index % 7, 1])))
})
