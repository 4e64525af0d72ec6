import { assert, describe, it } from "@effect/vitest"
import { wilsonInterval } from "./wilson.ts"

describe("wilsonInterval", () => {
  it("is that of 81 in 263, published by Newcombe (1998), table I", () => {
    const [low, high] = wilsonInterval(81, 263)
    assert.closeTo(low, 0.2553, 5e-5)
    assert.closeTo(high, 0.3662, 5e-5)
  })

  it("stays between 0 and 1 where everybody or nobody did it", () => {
    assert.strictEqual(wilsonInterval(0, 10)[0], 0)
    assert.strictEqual(wilsonInterval(10, 10)[1], 1)
    assert.isAbove(wilsonInterval(0, 10)[1], 0)
  })
})
