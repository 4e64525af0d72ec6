import { roundSignificant } from "../statistics/significantDigits.ts"
import type { Steps } from "../statistics/steps.ts"
import type { BgNbdParameters } from "./BgNbdParameters.ts"
import { expectedPurchasesAlive, probabilityAlive } from "./bgNbdPredictions.ts"
import type { CustomerSummary, RecencyFrequency } from "./CustomerSummary.ts"
import { expectedSpend } from "./gammaGamma.ts"
import type { GammaGammaParameters, RepeatSpend } from "./gammaGamma.ts"

/** Ten years. */
export const horizonWeeksMax = 520

const customersPerSlice = 256

/** A whole value lost each week: more is no rate. */
export const weeklyDiscountRateMax = 1

export interface LifetimeValueRequest {
  /** Each customer once, with the name of the cohort. */
  readonly customers: ReadonlyArray<CustomerSummary & { readonly cohort: string }>
  readonly purchases: BgNbdParameters
  readonly spend: GammaGammaParameters
  /** Digits of the currency's minor unit (ISO 4217). */
  readonly exponent: number
  /** Whole weeks after the calibration period, 1 to `horizonWeeksMax`. */
  readonly horizonWeeks: number
  /** A value one week off counts 1 / (1 + rate) today; 0 to `weeklyDiscountRateMax`. */
  readonly weeklyDiscountRate: number
}

export type LifetimeValueRefusal = {
  readonly outcome: "refused"
  /** `no_mean_spend`: spend has no finite mean under these parameters (q ≤ 1). */
  readonly reason: "horizon" | "discount_rate" | "no_mean_spend"
}

/** Money past is exact, in minor units; predictions are in the currency's main unit, to 12 significant digits. */
interface Value {
  /** Purchases less refunds up to the end of the calibration period. */
  readonly pastMinor: bigint
  /** Over the horizon, not discounted. */
  readonly expectedPurchases: number
  /** Over the horizon, discounted week by week, the purchases of a week at its end. */
  readonly expectedValue: number
}

export interface CustomerValue extends Value {
  readonly customer: string
  readonly cohort: string
  readonly probabilityAlive: number
  /** Of one purchase. */
  readonly expectedSpend: number
}

export interface CohortValue extends Value {
  readonly cohort: string
  readonly customers: number
  /** Sum of the chances of being alive. */
  readonly expectedAlive: number
}

export interface LifetimeValues {
  readonly outcome: "valued"
  /** Ordered by customer. */
  readonly customers: ReadonlyArray<CustomerValue>
  /** Ordered by cohort. Sums of unrounded values, so that they do not add up rounding. */
  readonly cohorts: ReadonlyArray<CohortValue>
}

/** x and z̄ of a customer, for Gamma-Gamma. */
export const repeatSpendOf = (
  { frequency, repeatSpendMinor }: Pick<CustomerSummary, "frequency" | "repeatSpendMinor">,
  exponent: number
): RepeatSpend => ({
  frequency,
  meanSpend: frequency === 0 ? 0 : Number(repeatSpendMinor) / frequency / 10 ** exponent
})

/**
 * What customers have brought and are expected to bring, one by one and by cohort: E[M | x, z̄] · Σ_w (E[Y(w)] −
 * E[Y(w − 1)]) / (1 + rate)^w over the weeks of the horizon (Fader, Hardie and Lee 2005, "RFM and CLV", with weeks for
 * periods). Orders by UTF-16 code units.
 */
export function* valueCustomers(request: LifetimeValueRequest): Steps<LifetimeValues | LifetimeValueRefusal> {
  const { horizonWeeks, spend, weeklyDiscountRate } = request
  if (!(Number.isInteger(horizonWeeks) && horizonWeeks >= 1 && horizonWeeks <= horizonWeeksMax)) {
    return { outcome: "refused", reason: "horizon" }
  }
  if (!(weeklyDiscountRate >= 0 && weeklyDiscountRate <= weeklyDiscountRateMax)) {
    return { outcome: "refused", reason: "discount_rate" }
  }
  if (!(spend.q > 1)) return { outcome: "refused", reason: "no_mean_spend" }
  const forecasts = new Map<string, Forecast>()
  const cohorts = new Map<string, CohortValue>()
  const customers: Array<CustomerValue> = []
  for (const customer of request.customers.toSorted((a, b) => compare(a.customer, b.customer))) {
    const key = `${customer.frequency} ${customer.ageWeeks}`
    const known = forecasts.get(key)
    const forecast = known ?? forecastAlive(request, customer)
    if (known === undefined) forecasts.set(key, forecast)
    const value = valueOf(request, customer, forecast)
    cohorts.set(value.cohort, withCustomer(cohorts.get(value.cohort), value))
    customers.push({
      ...value,
      probabilityAlive: roundSignificant(value.probabilityAlive),
      expectedSpend: roundSignificant(value.expectedSpend),
      ...roundedPredictions(value)
    })
    if (known === undefined || customers.length % customersPerSlice === 0) yield undefined
  }
  return {
    outcome: "valued",
    customers,
    cohorts: [...cohorts.values()]
      .toSorted((a, b) => compare(a.cohort, b.cohort))
      .map((sums) => ({ ...sums, expectedAlive: roundSignificant(sums.expectedAlive), ...roundedPredictions(sums) }))
  }
}

/** Of a customer who is alive at the end of the calibration period; the same for all with equal frequency and age. */
interface Forecast {
  readonly purchases: number
  readonly discountedPurchases: number
}

const forecastAlive = (
  { horizonWeeks, purchases, weeklyDiscountRate }: LifetimeValueRequest,
  summary: RecencyFrequency
): Forecast => {
  let before = 0
  let discount = 1
  let discountedPurchases = 0
  for (let week = 1; week <= horizonWeeks; week++) {
    const until = expectedPurchasesAlive(purchases, summary, week)
    discount /= 1 + weeklyDiscountRate
    discountedPurchases += (until - before) * discount
    before = until
  }
  return { purchases: before, discountedPurchases }
}

const valueOf = (
  { exponent, purchases, spend }: LifetimeValueRequest,
  customer: LifetimeValueRequest["customers"][number],
  forecast: Forecast
): CustomerValue => {
  const alive = probabilityAlive(purchases, customer)
  // Every mean is finite, since q > 1.
  const spendExpected = expectedSpend(spend, repeatSpendOf(customer, exponent))!
  return {
    customer: customer.customer,
    cohort: customer.cohort,
    pastMinor: customer.spentMinor - customer.refundedMinor,
    probabilityAlive: alive,
    expectedSpend: spendExpected,
    expectedPurchases: alive * forecast.purchases,
    expectedValue: alive * forecast.discountedPurchases * spendExpected
  }
}

/** A cohort's sums with one customer more; they are made in the order of the customers. */
const withCustomer = (sums: CohortValue | undefined, value: CustomerValue): CohortValue => ({
  cohort: value.cohort,
  customers: (sums?.customers ?? 0) + 1,
  expectedAlive: (sums?.expectedAlive ?? 0) + value.probabilityAlive,
  pastMinor: (sums?.pastMinor ?? 0n) + value.pastMinor,
  expectedPurchases: (sums?.expectedPurchases ?? 0) + value.expectedPurchases,
  expectedValue: (sums?.expectedValue ?? 0) + value.expectedValue
})

const roundedPredictions = ({ expectedPurchases, expectedValue }: Value) => ({
  expectedPurchases: roundSignificant(expectedPurchases),
  expectedValue: roundSignificant(expectedValue)
})

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
