import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { arrivalsOf } from "./arrivalsOf.ts"
import { planExperiment } from "./planExperiment.ts"

describe("arrivals", () => {
  it("are those that were seen, then go on at the pace of the last week", () => {
    const seen = [100, 180, 240, 280, 300, 310, 320, 330, 340, 350]
    const { after, daysUntil } = arrivalsOf(seen, 0.5)
    assert.deepStrictEqual([0, 1, 5, 10].map(after), [0, 50, 150, 175])
    assert.approximately(after(17), 0.5 * (350 + 110), 1e-9)
    assert.strictEqual(daysUntil(150), 5)
    assert.strictEqual(daysUntil(151), 6)
    assert.strictEqual(daysUntil(176), 11)
  })

  it("never reach what nobody comes for", () => {
    assert.isUndefined(arrivalsOf([], 1).daysUntil(1))
    assert.isUndefined(arrivalsOf([5, 5, 5, 5, 5, 5, 5, 5], 1).daysUntil(6))
    assert.isUndefined(arrivalsOf([5], 0).daysUntil(1))
  })

  it("of the same number every day plan as that number does", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 7, max: 90 }), (perDay, days) => {
        const request = {
          metric: { kind: "rate", rate: 0.2 },
          goal: { given: "effect", effect: { kind: "relative", value: 0.3 } },
          units_per_day: perDay
        } as const
        const cumulative = Array.from({ length: days }, (_, at) => (at + 1) * perDay)
        const plain = planExperiment(request)
        const planned = planExperiment(request, arrivalsOf(cumulative, 1))
        assert.isTrue(typeof plain === "object" && typeof planned === "object")
        if (typeof plain === "object" && typeof planned === "object" && plain.days! <= 3660) {
          assert.deepStrictEqual(planned, plain)
        }
      })
    )
  })
})
