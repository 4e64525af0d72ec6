import type { LifetimeModel } from "../../../ports/analytics/LifetimeModel.ts"
import type { LifetimePeriodRow, LifetimeRows } from "../../../ports/analytics/LifetimePlan.ts"
import type { LifetimePeriod, LifetimePrediction, LifetimeResult } from "../../../ports/analytics/LifetimeQuestion.ts"
import { formatMinorUnits } from "../../money/minorUnits.ts"
import { roundSignificant } from "../../statistics/significantDigits.ts"
import { formatDay, formatInstant } from "../../zones/zones.ts"
import type { CalendarDay } from "../../zones/zones.ts"
import { smallGroupPeople } from "../../statistics/smallGroup.ts"
import type { PlannedForecast, PlannedLifetime } from "./planLifetime.ts"

type Sums = Pick<LifetimePeriodRow, "orders" | "refunds" | "revenueMinor" | "refundedMinor">
const nothing: Sums = { orders: 0, refunds: 0, revenueMinor: 0n, refundedMinor: 0n }

const together = (a: Sums, b: Sums): Sums => ({
  orders: a.orders + b.orders,
  refunds: a.refunds + b.refunds,
  revenueMinor: a.revenueMinor + b.revenueMinor,
  refundedMinor: a.refundedMinor + b.refundedMinor
})

/** Rows of the store as the answer: every cohort of the range, each with every period, each period with all before it. */
export const shapeLifetime = (
  planned: PlannedLifetime,
  { asOfMillis, cohorts, rows }: LifetimeRows,
  values: LifetimeModel["values"] | undefined
): LifetimeResult["cohorts"] => {
  const { bucketStarts, exponent, plan, zone } = planned
  const customersOf = new Map(cohorts.map(({ cohort, customers }) => [cohort, customers]))
  const sumsOf = new Map(rows.map((row) => [`${row.cohort} ${row.period}`, row]))
  const predicted = new Map(
    values?.outcome === "valued" ? values.cohorts.map(({ cohort, value }) => [cohort, value]) : []
  )
  return Array.from({ length: plan.cohortCount }, (_, cohort) => {
    const customers = customersOf.get(cohort) ?? 0
    let sums = nothing
    const periods = Array.from({ length: plan.periods + 1 }, (__, period) => {
      sums = together(sums, sumsOf.get(`${cohort} ${period}`) ?? nothing)
      return periodOf(sums, customers, exponent, bucketStarts[cohort + period + 1]! <= (asOfMillis ?? 0))
    })
    return {
      start: formatInstant(zone, bucketStarts[cohort]!),
      customers,
      small: customers < smallGroupPeople,
      periods,
      predicted: predicted.get(cohort) ?? null
    }
  })
}

const periodOf = (
  { orders, refundedMinor, refunds, revenueMinor }: Sums,
  customers: number,
  exponent: number,
  complete: boolean
): LifetimePeriod => {
  const valueMinor = revenueMinor - refundedMinor
  return {
    orders,
    refunds,
    revenue: formatMinorUnits(revenueMinor, exponent),
    refunded: formatMinorUnits(refundedMinor, exponent),
    value: formatMinorUnits(valueMinor, exponent),
    value_per_customer: customers === 0 ? null : roundSignificant(Number(valueMinor) / customers / 10 ** exponent),
    complete
  }
}

export const shapePrediction = (
  { horizonWeeks, weeklyDiscountRate }: PlannedForecast,
  calibrationEnd: CalendarDay | undefined,
  { profile, purchases, spend, values }: LifetimeModel
): LifetimePrediction => ({
  calibration_end: calibrationEnd === undefined ? null : formatDay(calibrationEnd),
  horizon_weeks: horizonWeeks,
  weekly_discount_rate: weeklyDiscountRate,
  purchases,
  spend,
  all: values.outcome === "valued" ? { outcome: "valued", ...values.all } : values,
  customer: profile
})
