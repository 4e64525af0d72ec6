import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { logHypergeometric } from "../statistics/hypergeometric.ts"
import { runToEnd } from "../statistics/steps.ts"
import type { BgNbdParameters } from "./BgNbdParameters.ts"
import { summarise } from "./CustomerSummary.ts"
import type { CustomerSummary } from "./CustomerSummary.ts"
import { horizonWeeksMax, valueCustomers } from "./lifetimeValue.ts"
import type { LifetimeValueRequest, LifetimeValues } from "./lifetimeValue.ts"
import { cdnowCalibrationEnd, cdnowPurchases } from "./testing/cdnow.ts"

/** As printed in the papers. */
const purchases: BgNbdParameters = { r: 0.2426, alpha: 4.4136, a: 0.7929, b: 2.4259 }
const spend = { p: 6.25, q: 3.74, gamma: 15.44 }

const customers = summarise(cdnowPurchases(), cdnowCalibrationEnd).map((summary) => ({
  ...summary,
  cohort: `week ${Math.floor(summary.firstDay / 7) - 1408}`
}))
const request: LifetimeValueRequest = {
  customers,
  purchases,
  spend,
  exponent: 2,
  horizonWeeks: 52,
  weeklyDiscountRate: 0.002
}

const valued = (changes: Partial<LifetimeValueRequest>): LifetimeValues => {
  const values = runToEnd(valueCustomers({ ...request, ...changes }))
  if (values.outcome !== "valued") throw new Error(`refused: ${values.reason}`)
  return values
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)

/** The value from the papers' formulas as they stand, week by week. */
const slowValue = ({ ageWeeks, frequency, recencyWeeks, repeatSpendMinor }: CustomerSummary): number => {
  const { a, alpha, b, r } = purchases
  const purchasesUntil = (weeks: number): number => {
    const z = weeks / (alpha + ageWeeks + weeks)
    const logSeries = logHypergeometric(r + frequency, b + frequency, a + b + frequency - 1, z)
    const bracket = 1 - Math.exp(logSeries + (r + frequency) * Math.log(1 - z))
    const gone =
      frequency === 0 ? 0 : (a / (b + frequency - 1)) * ((alpha + ageWeeks) / (alpha + recencyWeeks)) ** (r + frequency)
    return (((a + b + frequency - 1) / (a - 1)) * bracket) / (1 + gone)
  }
  let value = 0
  for (let week = 1; week <= request.horizonWeeks; week++) {
    value += (purchasesUntil(week) - purchasesUntil(week - 1)) / (1 + request.weeklyDiscountRate) ** week
  }
  const { gamma, p, q } = spend
  return (value * p * (gamma + Number(repeatSpendMinor) / 100)) / (p * frequency + q - 1)
}

describe("lifetime value", () => {
  it("is that of the papers' formulas for every customer of CDNOW", () => {
    const values = valued({}).customers
    assert.strictEqual(values.length, customers.length)
    for (const [index, value] of values.entries()) {
      assert.strictEqual(value.customer, customers[index]!.customer)
      assert.approximately(value.expectedValue, slowValue(customers[index]!), 1e-9 * value.expectedValue)
    }
  })

  it("is all purchases times spend without a discount, and less the higher the discount", () => {
    const plain = valued({ weeklyDiscountRate: 0 }).customers
    const discounted = valued({}).customers
    const half = valued({ weeklyDiscountRate: 1 }).customers
    for (const [index, value] of plain.entries()) {
      const whole = value.expectedPurchases * value.expectedSpend
      assert.approximately(value.expectedValue, whole, 1e-10 * whole)
      assert.isBelow(discounted[index]!.expectedValue, value.expectedValue)
      assert.isBelow(half[index]!.expectedValue, discounted[index]!.expectedValue)
      assert.strictEqual(discounted[index]!.expectedPurchases, value.expectedPurchases)
    }
  })

  it("adds up by cohort: money exactly, predictions to the last digits", () => {
    const { cohorts, customers: values } = valued({})
    assert.isAbove(cohorts.length, 10)
    for (const cohort of cohorts) {
      const members = values.filter((value) => value.cohort === cohort.cohort)
      assert.strictEqual(cohort.customers, members.length)
      assert.strictEqual(
        cohort.pastMinor,
        members.reduce((total, { pastMinor }) => total + pastMinor, 0n)
      )
      assert.approximately(cohort.expectedValue, sum(members.map(({ expectedValue }) => expectedValue)), 1e-6)
      assert.approximately(cohort.expectedAlive, sum(members.map((value) => value.probabilityAlive)), 1e-8)
      assert.approximately(cohort.expectedPurchases, sum(members.map((value) => value.expectedPurchases)), 1e-8)
    }
    assert.strictEqual(sum(cohorts.map((cohort) => cohort.customers)), 2357)
    const paid = cdnowPurchases().filter(({ day }) => day <= cdnowCalibrationEnd)
    assert.strictEqual(
      cohorts.reduce((total, { pastMinor }) => total + pastMinor, 0n),
      paid.reduce((total, { amountMinor }) => total + amountMinor, 0n)
    )
  })

  it("gives every prediction with twelve significant digits", () => {
    const { cohorts, customers: values } = valued({})
    for (const { expectedPurchases, expectedValue } of [...values, ...cohorts]) {
      for (const number of [expectedPurchases, expectedValue]) {
        assert.strictEqual(number, Number(number.toPrecision(12)))
      }
    }
  })

  it("is the same whatever the order of the customers", () => {
    const expected = valued({})
    fc.assert(
      fc.property(fc.shuffledSubarray(customers, { minLength: customers.length }), (shuffled) =>
        assert.deepStrictEqual(valued({ customers: shuffled }), expected)
      ),
      { numRuns: 5 }
    )
  })

  it("takes refunds off what was paid, exactly beyond what a float holds", () => {
    const large = BigInt(Number.MAX_SAFE_INTEGER)
    const summaries = summarise(
      [
        { kind: "purchase", customer: "ada", day: 1, amountMinor: large },
        { kind: "purchase", customer: "bob", day: 1, amountMinor: large },
        { kind: "purchase", customer: "bob", day: 9, amountMinor: 2n },
        { kind: "refund", customer: "bob", day: 10, amountMinor: 1n }
      ],
      20
    )
    const { cohorts } = valued({ customers: summaries.map((summary) => ({ ...summary, cohort: "all" })) })
    assert.strictEqual(cohorts[0]!.pastMinor, 2n * large + 1n)
  })

  it("refuses a horizon, a rate or parameters that give no value", () => {
    const reason = (changes: Partial<LifetimeValueRequest>) => {
      const values = runToEnd(valueCustomers({ ...request, ...changes }))
      return values.outcome === "refused" ? values.reason : undefined
    }
    for (const horizonWeeks of [0, -1, 1.5, horizonWeeksMax + 1, Number.NaN]) {
      assert.strictEqual(reason({ horizonWeeks }), "horizon")
    }
    for (const weeklyDiscountRate of [-0.001, 1.001, Number.NaN]) {
      assert.strictEqual(reason({ weeklyDiscountRate }), "discount_rate")
    }
    assert.strictEqual(reason({ spend: { ...spend, q: 1 } }), "no_mean_spend")
    assert.strictEqual(reason({ customers: [], horizonWeeks: horizonWeeksMax, weeklyDiscountRate: 0 }), undefined)
  })
})
