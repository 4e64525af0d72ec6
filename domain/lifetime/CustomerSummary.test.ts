import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { dayAt, isZone } from "../zones/zones.ts"
import { summarise } from "./CustomerSummary.ts"
import type { Payment } from "./CustomerSummary.ts"
import { dayNumber, dayNumbers } from "./dayNumbers.ts"
import { cdnowCalibrationEnd, cdnowPurchases } from "./testing/cdnow.ts"

const purchase = (customer: string, day: number, amountMinor: bigint): Payment => ({
  kind: "purchase",
  customer,
  day,
  amountMinor
})
const refund = (customer: string, day: number, amountMinor: bigint): Payment => ({
  kind: "refund",
  customer,
  day,
  amountMinor
})

describe("customer summaries", () => {
  it("count purchases of a day once, with all that was spent on it", () => {
    const summaries = summarise(
      [purchase("ada", 10, 500n), purchase("ada", 24, 300n), purchase("ada", 10, 50n), purchase("ada", 24, 1n)],
      31
    )
    assert.deepStrictEqual(summaries, [
      {
        customer: "ada",
        firstDay: 10,
        frequency: 1,
        recencyWeeks: 2,
        ageWeeks: 3,
        repeatSpendMinor: 301n,
        spentMinor: 851n,
        refundedMinor: 0n
      }
    ])
  })

  it("include the last day of the calibration period and nothing after it", () => {
    const payments = [purchase("ada", 7, 1n), purchase("ada", 14, 2n), purchase("ada", 15, 4n), purchase("bob", 15, 8n)]
    const [ada, ...others] = summarise(payments, 14)
    assert.deepStrictEqual(others, [])
    assert.deepInclude(ada, { frequency: 1, recencyWeeks: 1, ageWeeks: 1, spentMinor: 3n })
    assert.deepInclude(summarise(payments, 15)[1], { customer: "bob", frequency: 0, recencyWeeks: 0, ageWeeks: 0 })
  })

  it("take refunds as money back and as no purchase, up to the end of the period", () => {
    const [ada, ...others] = summarise(
      [purchase("ada", 7, 100n), refund("ada", 9, 30n), refund("ada", 20, 70n), refund("eve", 9, 5n)],
      14
    )
    assert.deepStrictEqual(others, [])
    assert.deepInclude(ada, { frequency: 0, recencyWeeks: 0, spentMinor: 100n, refundedMinor: 30n })
  })

  it("keep every digit of sums beyond what a float holds", () => {
    const large = BigInt(Number.MAX_SAFE_INTEGER)
    const [ada] = summarise([purchase("ada", 1, large), purchase("ada", 2, large), purchase("ada", 3, 1n)], 3)
    assert.deepInclude(ada, { spentMinor: 2n * large + 1n, repeatSpendMinor: large + 1n })
  })

  it("do not depend on the order of payments", () => {
    const payments = fc.array(
      fc.record({
        kind: fc.constantFrom("purchase" as const, "refund" as const),
        customer: fc.constantFrom("ada", "bob", "Éva", "zoë"),
        day: fc.integer({ min: -5, max: 30 }),
        amountMinor: fc.bigInt({ min: 0n, max: 1000n })
      })
    )
    fc.assert(
      fc.property(
        payments.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => assert.deepStrictEqual(summarise(shuffled, 20), summarise(list, 20))
      )
    )
  })

  it("agree with the summaries published with CDNOW", () => {
    const summaries = summarise(cdnowPurchases(), cdnowCalibrationEnd)
    assert.strictEqual(summaries.length, 2357)
    assert.strictEqual(summaries.filter(({ frequency }) => frequency > 0).length, 946)
    const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)
    // Sums over the columns x, t_x and T of `cdnow_customers_summary.csv`, whose weeks are rounded to two places.
    assert.strictEqual(sum(summaries.map(({ frequency }) => frequency)), 2457)
    assert.approximately(sum(summaries.map(({ recencyWeeks }) => recencyWeeks)), 16_135.5, 0.5)
    assert.approximately(sum(summaries.map(({ ageWeeks }) => ageWeeks)), 77_111.2, 0.5)
    const first = summaries[0]!
    assert.deepInclude(first, { frequency: 2, repeatSpendMinor: 44_69n })
    assert.strictEqual(first.recencyWeeks.toFixed(2), "30.43")
    assert.strictEqual(first.ageWeeks.toFixed(2), "38.86")
  })
})

describe("day numbers", () => {
  it("are those of the zone's calendar, on days of 23 and 25 hours too", () => {
    const quarter = 900_000
    const days: ReadonlyArray<readonly [zone: string, fromMillis: number]> = [
      ["Europe/Berlin", Date.UTC(2026, 2, 28)],
      ["Europe/Berlin", Date.UTC(2026, 9, 24)],
      ["America/Santiago", Date.UTC(2026, 8, 5)],
      ["Pacific/Apia", Date.UTC(2011, 11, 29)],
      ["Asia/Kathmandu", Date.UTC(1985, 11, 31)]
    ]
    for (const [zone, from] of days) {
      assert.isTrue(isZone(zone))
      const instants = Array.from({ length: 300 }, (_, index) => from + ((index * 97) % 300) * quarter)
      assert.deepStrictEqual(
        dayNumbers(zone, instants),
        instants.map((instant) => dayNumber(dayAt(zone, instant))),
        zone
      )
    }
  })

  it("count from 1970-01-01", () => {
    assert.deepStrictEqual(dayNumbers("UTC", [0, -1, 86_400_000]), [0, -1, 1])
    assert.deepStrictEqual(dayNumbers("UTC", []), [])
  })
})
