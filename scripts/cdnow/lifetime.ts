import type { LifetimeQuestion, LifetimeResult } from "../../ports/analytics/LifetimeQuestion.ts"
import type { RetentionQuestion, RetentionResult } from "../../ports/analytics/RetentionQuestion.ts"

/** Customers of the sample bought first in these three months; their purchases are known for eighteen. */
const firstBuyers = { from: "1997-01-01", to: "1997-03-31" }
const monthsKnown = 18
const orders = { event_types: ["order_completed"] }

export const cdnowRetention: RetentionQuestion = {
  date_range: firstBuyers,
  interval: "month",
  periods: monthsKnown - 1,
  start: orders,
  return: orders
}

/** The calibration of the papers, and as many weeks behind it as the sample goes on. */
export const cdnowLifetime: LifetimeQuestion = {
  date_range: firstBuyers,
  interval: "month",
  periods: monthsKnown - 1,
  currency: "USD",
  calibration_end: "1997-09-30",
  horizon_weeks: 39,
  customer: { frequency: 2, recency_weeks: 30.43, age_weeks: 38.86 }
}
const calibrationMonths = 9

/** Fader, Hardie and Lee 2005 ("Counting Your Customers" the Easy Way); Fader and Hardie 2013 (Gamma-Gamma). */
const papers: ReadonlyArray<readonly [name: string, digits: number, paper: string, of: (result: Fitted) => Estimate]> =
  [
    ["r", 4, "0.2426", ({ purchases }) => purchases.parameters.r],
    ["alpha", 4, "4.4136", ({ purchases }) => purchases.parameters.alpha],
    ["a", 4, "0.7929", ({ purchases }) => purchases.parameters.a],
    ["b", 4, "2.4259", ({ purchases }) => purchases.parameters.b],
    [
      "log-likelihood",
      2,
      "-9582.43",
      ({ purchases }) => ({ estimate: purchases.log_likelihood, standard_error: null })
    ],
    ["E[Y(39)]", 3, "1.226", ({ customer }) => ({ estimate: customer.expected_purchases, standard_error: null })],
    ["p", 2, "6.25", ({ spend }) => spend.parameters.p],
    ["q", 2, "3.74", ({ spend }) => spend.parameters.q],
    ["gamma", 2, "15.44", ({ spend }) => spend.parameters.gamma],
    ["log-likelihood", 2, "-4055.92", ({ spend }) => ({ estimate: spend.log_likelihood, standard_error: null })]
  ]

type Prediction = NonNullable<LifetimeResult["prediction"]>
type Estimate = { readonly estimate: number; readonly standard_error: number | null }
interface Fitted {
  readonly purchases: Extract<Prediction["purchases"], { readonly outcome: "fitted" }>
  readonly spend: Extract<Prediction["spend"], { readonly outcome: "fitted" }>
  readonly customer: NonNullable<Prediction["customer"]>
}

const line = (widths: ReadonlyArray<number>, cells: ReadonlyArray<string | number>): string =>
  cells
    .map((cell, at) => String(cell).padStart(widths[at] ?? widths.at(-1)!))
    .join("")
    .trimEnd()

/** Of those who bought first in a month, how many of a hundred buy in the months behind it. */
export const retentionLines = ({ cohorts }: RetentionResult): ReadonlyArray<string> => {
  const widths = [8, 8, 4]
  const months = Array.from({ length: monthsKnown - 1 }, (_, index) => index + 1)
  return [
    "Of 100 who bought first in a month, so many buy again that many months later:",
    line(widths, ["month", "buyers", ...months]),
    ...cohorts.map(({ people, periods, start }, cohort) =>
      line(widths, [
        start.slice(0, 7),
        people,
        ...periods.slice(1, monthsKnown - cohort).map(({ rate }) => Math.round(100 * (rate ?? 0)))
      ])
    )
  ]
}

/** What a month's first buyers had brought at the end of the calibration, and then, as expected and as it came. */
export const valueLines = ({ cohorts }: LifetimeResult): ReadonlyArray<string> => {
  const widths = [8, 8, 14, 20, 20, 14]
  return [
    "What they brought until 1997-09-30, and in the 39 weeks after it (USD):",
    line(widths, ["month", "buyers", "until then", "expected purchases", "expected value", "brought"]),
    ...cohorts.map(({ customers, periods, predicted, start }, cohort) => {
      const before = Number(periods[calibrationMonths - 1 - cohort]!.value)
      const all = Number(periods[monthsKnown - 1 - cohort]!.value)
      return line(widths, [
        start.slice(0, 7),
        customers,
        before.toFixed(2),
        predicted?.expected_purchases.toFixed(1) ?? "",
        predicted?.expected_value.toFixed(2) ?? "",
        (all - before).toFixed(2)
      ])
    })
  ]
}

/** The fitted parameters beside those that the papers print; `undefined` where nothing was fitted. */
export const parameterLines = ({
  prediction
}: LifetimeResult): { readonly lines: ReadonlyArray<string>; readonly equal: boolean } | undefined => {
  if (prediction?.purchases.outcome !== "fitted" || prediction.spend.outcome !== "fitted") return undefined
  const { customer, purchases, spend } = prediction
  if (customer === null) return undefined
  const rows = papers.map(([name, digits, paper, of]) => {
    const { estimate, standard_error } = of({ purchases, spend, customer })
    return { name, fitted: estimate.toFixed(digits), paper, error: standard_error?.toFixed(4) ?? "" }
  })
  const widths = [16, 12, 12, 4, 16]
  return {
    lines: [
      `BG/NBD and Gamma-Gamma, fitted to ${purchases.customers} customers, ${purchases.repeaters} of whom bought again:`,
      line(widths, ["", "fitted", "paper", "", "standard error"]),
      ...rows.map(({ error, fitted, name, paper }) =>
        line(widths, [name, fitted, paper, fitted === paper ? "=" : "≠", error])
      )
    ],
    equal: rows.every(({ fitted, paper }) => fitted === paper)
  }
}
