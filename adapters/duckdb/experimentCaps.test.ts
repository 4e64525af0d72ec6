import { assert, describe, it } from "@effect/vitest"
import { randomNumbers } from "../../domain/statistics/RandomNumbers.ts"
import { cutOf } from "./experimentCaps.ts"

describe("where totals are cut", () => {
  it("is found a part at a time, so that others have their turn", async () => {
    const numbers = randomNumbers(7)
    const totals = Array.from({ length: 300_001 }, (_, at) => (at % 10 === 0 ? 0 : numbers.uniform() * 100 - 20))
    let turns = 0
    let isOver = false
    const count = () => {
      turns += 1
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    for (const ignoreZeros of [true, false]) {
      const cut = await cutOf({ kind: "percentile", share: 0.99, ignoreZeros }, totals, 400_000)
      const all = totals.filter((total) => !ignoreZeros || total !== 0)
      if (!ignoreZeros) all.push(...Array.from({ length: 400_000 - totals.length }, () => 0))
      const sorted = Float64Array.from(all).sort()
      const position = (sorted.length - 1) * 0.99
      const [low, high] = [sorted[Math.floor(position)]!, sorted[Math.ceil(position)]!]
      const cap = low + (position - Math.floor(position)) * (high - low)
      assert.deepStrictEqual(cut, { cap, units: totals.filter((total) => total > cap).length })
    }
    isOver = true
    // Each time 300,001 totals are read, sorted, merged four times and compared with the cut.
    assert.isAbove(turns, 50)
  })
})
