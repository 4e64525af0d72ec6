import type {
  CustomerProfile,
  ExpectedValue,
  LifetimeModel,
  LifetimeModelRequest,
  ModelRefusal,
  PurchaseModel,
  SpendModel
} from "../../ports/analytics/LifetimeModel.ts"
import { roundSignificant } from "../statistics/significantDigits.ts"
import type { Steps } from "../statistics/steps.ts"
import { fitBgNbd } from "./bgNbd.ts"
import type { BgNbdParameters } from "./BgNbdParameters.ts"
import { expectedPurchases, probabilityAlive } from "./bgNbdPredictions.ts"
import type { CustomerSummary } from "./CustomerSummary.ts"
import type { Fit, FitRefusal } from "./Fit.ts"
import { expectedSpend, fitGammaGamma } from "./gammaGamma.ts"
import type { GammaGammaFit, GammaGammaParameters } from "./gammaGamma.ts"
import { repeatSpendOf, valueCustomers } from "./lifetimeValue.ts"

type Member = CustomerSummary & { readonly cohort: string }

const daysPerWeek = 7
const digitsOfNumber = 9

/** BG/NBD and Gamma-Gamma over the customers, and what both expect of each cohort, or why they say nothing. */
export function* predictLifetime(request: LifetimeModelRequest): Steps<LifetimeModel> {
  const customers = membersOf(request)
  const purchases = yield* fitBgNbd(customers)
  const spend = yield* fitGammaGamma(customers.map((customer) => repeatSpendOf(customer, request.exponent)))
  const values = yield* valuesOf(request, customers, purchases, spend)
  return {
    purchases: purchases.outcome === "fitted" ? purchaseModel(purchases) : refusalOf(purchases),
    spend: spend.outcome === "fitted" ? spendModel(spend) : refusalOf(spend),
    values,
    profile:
      request.profile === undefined || purchases.outcome === "refused"
        ? null
        : profileOf(
            request.profile,
            request.horizonWeeks,
            purchases.parameters,
            spend.outcome === "fitted" ? spend.parameters : undefined
          )
  }
}

/** Columns as summaries. What the customers have brought is summed where the orders are; here it is nobody's question. */
const membersOf = ({ calibrationEndDay, customers }: LifetimeModelRequest): ReadonlyArray<Member> =>
  Array.from(customers.cohort, (cohort, index) => {
    const firstDay = customers.firstDay[index]!
    return {
      customer: String(index).padStart(digitsOfNumber, "0"),
      cohort: String(cohort),
      firstDay,
      frequency: customers.frequency[index]!,
      recencyWeeks: (customers.lastDay[index]! - firstDay) / daysPerWeek,
      ageWeeks: (calibrationEndDay - firstDay) / daysPerWeek,
      repeatSpendMinor: BigInt(customers.repeatSpendMinor[index]!),
      spentMinor: 0n,
      refundedMinor: 0n
    }
  })

function* valuesOf(
  request: LifetimeModelRequest,
  customers: ReadonlyArray<Member>,
  purchases: Fit<BgNbdParameters> | FitRefusal,
  spend: GammaGammaFit | FitRefusal
): Steps<LifetimeModel["values"]> {
  if (purchases.outcome === "refused") return { outcome: "refused", reason: "no_purchase_model" }
  if (spend.outcome === "refused") return { outcome: "refused", reason: "no_spend_model" }
  const { exponent, horizonWeeks, weeklyDiscountRate } = request
  const valued = yield* valueCustomers({
    customers,
    purchases: purchases.parameters,
    spend: spend.parameters,
    exponent,
    horizonWeeks,
    weeklyDiscountRate
  })
  if (valued.outcome === "refused") {
    // Horizon and rate were judged with the question.
    if (valued.reason !== "no_mean_spend") throw new Error(`a question with a wrong ${valued.reason} was let pass`)
    return { outcome: "refused", reason: "no_mean_spend" }
  }
  const cohorts = valued.cohorts
    .map((sums) => ({ cohort: Number(sums.cohort), value: expectedValue([sums]) }))
    .toSorted((a, b) => a.cohort - b.cohort)
  return { outcome: "valued", all: expectedValue(valued.cohorts), cohorts }
}

interface Sums {
  readonly customers: number
  readonly expectedAlive: number
  readonly expectedPurchases: number
  readonly expectedValue: number
}

const expectedValue = (parts: ReadonlyArray<Sums>): ExpectedValue => {
  const sum = (name: keyof Sums): number => parts.reduce((total, part) => total + part[name], 0)
  const customers = sum("customers")
  return {
    customers,
    expected_alive: roundSignificant(sum("expectedAlive")),
    expected_purchases: roundSignificant(sum("expectedPurchases")),
    expected_value: roundSignificant(sum("expectedValue")),
    value_per_customer: roundSignificant(sum("expectedValue") / customers)
  }
}

const refusalOf = (refusal: FitRefusal): ModelRefusal =>
  refusal.reason === "invalid_summary"
    ? { outcome: "refused", reason: refusal.reason }
    : { outcome: "refused", reason: refusal.reason, found: refusal.found, needed: refusal.needed }

const searchOf = <Parameters>(fit: Fit<Parameters>) => ({
  outcome: "fitted" as const,
  log_likelihood: fit.logLikelihood,
  converged: fit.convergence === "converged",
  stopped: fit.convergence,
  iterations: fit.iterations,
  gradient_norm: fit.gradientNorm,
  customers: fit.customers,
  repeaters: fit.repeaters
})

const purchaseModel = (fit: Fit<BgNbdParameters>): PurchaseModel => {
  const of = (name: keyof BgNbdParameters) => parameterOf(fit, name)
  return { ...searchOf(fit), parameters: { r: of("r"), alpha: of("alpha"), a: of("a"), b: of("b") } }
}

const spendModel = (fit: GammaGammaFit): SpendModel => {
  const of = (name: keyof GammaGammaParameters) => parameterOf(fit, name)
  const { coefficient, dependent, pValue } = fit.independence
  return {
    ...searchOf(fit),
    parameters: { p: of("p"), q: of("q"), gamma: of("gamma") },
    independence: { correlation: coefficient ?? null, p_value: pValue ?? null, dependent }
  }
}

const parameterOf = <Name extends string>(fit: Fit<Readonly<Record<Name, number>>>, name: Name) => ({
  estimate: fit.parameters[name],
  standard_error: fit.standardErrors?.[name] ?? null
})

const profileOf = (
  { age_weeks: ageWeeks, frequency, mean_spend: meanSpend, recency_weeks: recencyWeeks }: CustomerProfile,
  horizonWeeks: number,
  purchases: BgNbdParameters,
  spend: GammaGammaParameters | undefined
): NonNullable<LifetimeModel["profile"]> => {
  const summary = { frequency, recencyWeeks, ageWeeks }
  const onPurchase =
    spend === undefined || (frequency > 0 && meanSpend === undefined)
      ? undefined
      : expectedSpend(spend, { frequency, meanSpend: meanSpend ?? 0 })
  return {
    probability_alive: roundSignificant(probabilityAlive(purchases, summary)),
    expected_purchases: roundSignificant(expectedPurchases(purchases, summary, horizonWeeks)),
    expected_spend: onPurchase === undefined ? null : roundSignificant(onPurchase)
  }
}
