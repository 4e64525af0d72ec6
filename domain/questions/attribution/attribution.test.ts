import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { attributionModels } from "../../../ports/analytics/AttributionQuestion.ts"
import type { AttributionModel } from "../../../ports/analytics/AttributionQuestion.ts"
import { runToEnd } from "../../statistics/steps.ts"
import { allocate } from "./allocate.ts"
import { attribute } from "./attribute.ts"
import { weightsOf } from "./weights.ts"

const dayMillis = 86_400_000
const week = 7 * dayMillis

const shares = (model: AttributionModel, minor: bigint, daysBefore: ReadonlyArray<number>) =>
  allocate(
    minor,
    weightsOf(
      model,
      daysBefore.map((days) => days * dayMillis),
      week
    )
  ).map(Number)

describe("the models", () => {
  it("divide $12,000 on day 38 among touches on days 0, 5, 12, 30 and 38 with a half-life of 7 days as published", () => {
    assert.deepStrictEqual(shares("time_decay", 1_200_000n, [38, 33, 26, 8, 0]), [17519, 28744, 57488, 341704, 754545])
  })

  it("halve what is a half-life older: 4/7, 2/7, 1/7 and 2/3, 1/3", () => {
    assert.deepStrictEqual(shares("time_decay", 700n, [14, 7, 0]), [100, 200, 400])
    assert.deepStrictEqual(shares("time_decay", 300n, [8, 1]), [100, 200])
  })

  it("give all to the first or the last, the same to each, or 40 % to both ends", () => {
    assert.deepStrictEqual(shares("first_touch", 100n, [3, 2, 1]), [100, 0, 0])
    assert.deepStrictEqual(shares("last_touch", 100n, [3, 2, 1]), [0, 0, 100])
    assert.deepStrictEqual(shares("linear", 100n, [3, 2, 1]), [34, 33, 33])
    assert.deepStrictEqual(shares("position_based", 100n, [4, 3, 2, 1]), [40, 10, 10, 40])
    assert.deepStrictEqual(shares("position_based", 101n, [4, 1]), [51, 50])
    for (const model of attributionModels) assert.deepStrictEqual(shares(model, 7n, [5]), [7])
  })
})

describe("allocate", () => {
  const weights = fc
    .array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { minLength: 1, maxLength: 20 })
    .filter((list) => list.some((weight) => weight > 0n))

  it("adds up to the amount exactly, and is never a whole unit from the exact share", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), weights, (amount, list) => {
        const found = allocate(amount, list)
        assert.strictEqual(
          found.reduce((sum, share) => sum + share, 0n),
          amount
        )
        const whole = list.reduce((sum, weight) => sum + weight, 0n)
        for (const [at, share] of found.entries()) {
          const off = share * whole - amount * list[at]!
          assert.isTrue(off < whole && -off < whole)
        }
      })
    )
  })

  it("gives what is left over to the largest remainders, the earlier of equal ones", () => {
    assert.deepStrictEqual(allocate(5n, [1n, 1n, 1n]), [2n, 2n, 1n])
    assert.deepStrictEqual(allocate(10n, [1n, 2n, 3n]), [2n, 3n, 5n])
    assert.deepStrictEqual(allocate(-5n, [1n, 1n, 1n]), [-2n, -2n, -1n])
    assert.deepStrictEqual(allocate(1n, [0n, 0n, 3n]), [0n, 0n, 1n])
  })
})

describe("attribute", () => {
  it("pauses within a few thousand shares, however many conversions there are", () => {
    const conversions = 3000
    const rows = {
      credits: Array.from({ length: conversions }, (_, at) => ({
        conversion: at + 1,
        amount: 999n,
        refund: false,
        person: BigInt(at % 7)
      })),
      touches: Array.from({ length: conversions * 3 }, (_, at) => ({
        conversion: Math.floor(at / 3) + 1,
        value: ["email", "paid", null][at % 3]!,
        beforeMillis: (3 - (at % 3)) * dayMillis
      }))
    }
    const steps = attribute(rows, attributionModels, week)
    let pauses = 0
    for (;;) {
      const { done, value } = steps.next()
      if (done !== true) {
        pauses += 1
        continue
      }
      assert.deepStrictEqual(value.total, { credit: 999n * 3000n, conversions: 3_000_000_000n })
      for (const model of attributionModels.keys()) {
        const sum = value.values.reduce((total, { shares: own }) => total + own[model]!.credit, 0n)
        assert.strictEqual(sum, value.total.credit)
      }
      break
    }
    assert.isAbove(pauses, 30)
  })

  it("takes back with a refund what its order gave, in the same proportions, and knows no touch of other refunds", () => {
    const touch = (value: string, days: number) => ({ conversion: 1, value, beforeMillis: days * dayMillis })
    const found = runToEnd(
      attribute(
        {
          credits: [
            { conversion: 1, amount: 100n, refund: false, person: 1n },
            { conversion: 1, amount: -100n, refund: true, person: 1n },
            { conversion: undefined, amount: -7n, refund: true, person: 2n }
          ],
          touches: [touch("a", 3), touch("b", 2), touch("a", 1)]
        },
        ["linear"],
        week
      )
    )
    assert.deepStrictEqual(
      found.values.map(({ shares: [share], touched, value }) => [value, touched, share]),
      [
        ["a", 1, { credit: 0n, conversions: 666_667n }],
        ["b", 1, { credit: 0n, conversions: 333_333n }]
      ]
    )
    assert.deepStrictEqual(found.unattributed, { credit: -7n, conversions: 0n })
    assert.deepStrictEqual(found.people, { all: new Set([1n]), unattributed: new Set<bigint>() })
    assert.deepStrictEqual(found.total, { credit: -7n, conversions: 1_000_000n })
  })
})
