import type { CustomerProfile } from "../../../ports/analytics/LifetimeModel.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { LifetimePlan } from "../../../ports/analytics/LifetimePlan.ts"
import {
  horizonWeeksUsual,
  lifetimeBucketsMax,
  lifetimePeriodsMax,
  lifetimePeriodsUsual
} from "../../../ports/analytics/LifetimeQuestion.ts"
import type { LifetimeQuestion } from "../../../ports/analytics/LifetimeQuestion.ts"
import { horizonWeeksMax, weeklyDiscountRateMax } from "../../lifetime/lifetimeValue.ts"
import { exponentOf } from "../../money/minorUnits.ts"
import { bucketRuns } from "../../zones/buckets.ts"
import { isZone, parseDay } from "../../zones/zones.ts"
import type { CalendarDay } from "../../zones/zones.ts"
import { cohortBuckets } from "../cohortBuckets.ts"
import { planFilter } from "../planFilter.ts"
import type { NamedField } from "../planFilter.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { readRange } from "../range.ts"
import type { Report } from "../Report.ts"

export interface PlannedLifetime {
  /** Without conversions and customers. */
  readonly plan: LifetimePlan
  readonly zone: string
  readonly currency: string
  readonly exponent: number
  /** Of every cohort and of the periods behind the last; one more, its end. */
  readonly bucketStarts: ReadonlyArray<number>
  readonly forecast: PlannedForecast | undefined
  readonly named: ReadonlyArray<NamedField>
}

/** What is asked of the models; `undefined` fields wait for the data. */
export interface PlannedForecast {
  /** `undefined`: the day of the newest event. */
  readonly calibrationEnd: CalendarDay | undefined
  readonly horizonWeeks: number
  readonly weeklyDiscountRate: number
  readonly profile: CustomerProfile | undefined
}

/** Purchase days and weeks of one customer: a century. */
const profileDaysMax = 36_525
const profileWeeksMax = 5218

/** Lifetime value with every zone, period and day resolved, or everything that is wrong with it. Knows no engine. */
export const planLifetime = (
  question: LifetimeQuestion,
  scope: QuestionScope
): { readonly planned: PlannedLifetime } | { readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const report: Report = (pointer, code, detail) => void errors.push({ pointer, code, detail })
  const zone = question.time_zone ?? scope.timeZone
  if (!isZone(zone)) report("/time_zone", "unknown_zone", `${zone} is no IANA time zone`)
  const currency = question.currency ?? scope.currency
  const exponent = exponentOf(currency)
  if (exponent === undefined) report("/currency", "unknown_currency", `${currency} is no ISO 4217 currency`)
  const range = isZone(zone) ? readRange(question.date_range, zone, report) : undefined
  const { interval = "month", periods = lifetimePeriodsUsual } = question
  if (periods < 0 || periods > lifetimePeriodsMax)
    report("/periods", "out_of_range", `must lie between 0 and ${lifetimePeriodsMax}`)
  const forecast = readForecast(question, report)
  const filter = question.filters === undefined ? undefined : planFilter(question.filters, "/filters", scope)
  errors.push(...(filter?.errors ?? []))
  const starts =
    range === undefined
      ? undefined
      : cohortBuckets({
          zone,
          interval,
          weekStart: scope.weekStart,
          range,
          periods: Math.min(Math.max(0, periods), lifetimePeriodsMax),
          bucketsMax: lifetimeBucketsMax
        })
  if (starts !== undefined && starts.all.length - 1 > lifetimeBucketsMax)
    report("/date_range", "too_many", `${lifetimeBucketsMax} cohorts and periods together at the most`)
  if (errors.length > 0 || starts === undefined || exponent === undefined) return { errors }
  const toMillis = starts.all.at(-1)!
  return {
    planned: {
      plan: {
        kind: "lifetime",
        workspace: scope.workspace,
        revisions: scope.revisions,
        fromMillis: starts.all[0]!,
        toMillis,
        buckets: bucketRuns(starts.all.slice(0, -1), toMillis),
        cohortCount: starts.cohorts,
        periods,
        conversions: [],
        filter: filter?.filter,
        ...(question.uncertainty === true ? { uncertain: true as const } : {}),
        customers: undefined
      },
      zone,
      currency,
      exponent,
      bucketStarts: starts.all,
      forecast,
      named: filter?.named ?? []
    }
  }
}

const readForecast = (question: LifetimeQuestion, report: Report): PlannedForecast | undefined => {
  const {
    calibration_end: text,
    customer,
    horizon_weeks: horizonWeeks = horizonWeeksUsual,
    predict = true,
    weekly_discount_rate: weeklyDiscountRate = 0
  } = question
  const calibrationEnd = text === undefined ? undefined : parseDay(text)
  if (text !== undefined && calibrationEnd === undefined)
    report("/calibration_end", "not_a_day", "must be a day like 2026-11-23")
  if (horizonWeeks < 1 || horizonWeeks > horizonWeeksMax)
    report("/horizon_weeks", "out_of_range", `must lie between 1 and ${horizonWeeksMax}`)
  if (weeklyDiscountRate < 0 || weeklyDiscountRate > weeklyDiscountRateMax)
    report("/weekly_discount_rate", "out_of_range", `must lie between 0 and ${weeklyDiscountRateMax}`)
  if (customer !== undefined) judgeProfile(customer, report)
  return predict ? { calibrationEnd, horizonWeeks, weeklyDiscountRate, profile: customer } : undefined
}

const judgeProfile = (profile: CustomerProfile, report: Report): void => {
  const { age_weeks: age, frequency, mean_spend: spend = 0, recency_weeks: recency } = profile
  if (frequency < 0 || frequency > profileDaysMax)
    report("/customer/frequency", "out_of_range", `must lie between 0 and ${profileDaysMax}`)
  if (age < 0 || age > profileWeeksMax)
    report("/customer/age_weeks", "out_of_range", `must lie between 0 and ${profileWeeksMax}`)
  if (recency < 0 || recency > age)
    report("/customer/recency_weeks", "out_of_range", "must lie between 0 and age_weeks")
  else if (frequency > 0 !== recency > 0)
    report("/customer/recency_weeks", "out_of_range", "is above zero exactly where there is a second purchase")
  if (spend < 0) report("/customer/mean_spend", "out_of_range", "must not be negative")
}
