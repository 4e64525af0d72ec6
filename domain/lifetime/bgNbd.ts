import type { Steps } from "../statistics/steps.ts"
import { bgNbdLikelihood } from "./bgNbdLikelihood.ts"
import type { BgNbdParameters } from "./BgNbdParameters.ts"
import type { RecencyFrequency } from "./CustomerSummary.ts"
import { fitOf, maximiseFrom, refuseFewCustomers, refuseFewRepeaters } from "./Fit.ts"
import type { Fit, FitRefusal } from "./Fit.ts"
import { groupSummaries } from "./SummaryGroups.ts"

/** Most purchase days of one customer: a century of days. */
const frequencyMax = 36_525

/** Of the logarithms of r, α in mean ages, a and b: beyond it, parameters stand for a limit and not for a number. */
const box = { low: -12, high: 12 }

/** (r, α in mean ages, a, b), tried in turn. */
const starts = [
  [1, 1, 1, 2],
  [0.25, 0.15, 0.8, 2.5],
  [4, 2, 0.2, 4],
  [0.5, 1, 5, 20]
].map((start) => start.map(Math.log))

/**
 * Fits BG/NBD by maximum likelihood (Fader, Hardie and Lee 2005, Marketing Science 24(2), 275–284). Equal data in
 * whatever order give equal bits. Refuses fewer than `customersMin` customers, or `repeatersMin` who bought again, and
 * what is no summary: a frequency that is no count, a recency above the age, or one that is above zero without a second
 * purchase or zero with one.
 */
export function* fitBgNbd(summaries: ReadonlyArray<RecencyFrequency>): Steps<Fit<BgNbdParameters> | FitRefusal> {
  const index = summaries.findIndex((summary) => !isSummary(summary))
  if (index >= 0) return { outcome: "refused", reason: "invalid_summary", index }
  const groups = yield* groupSummaries(summaries)
  const { ageWeeks, customers, customersAlike, repeaters } = groups
  const refusal = refuseFewCustomers(customers) ?? refuseFewRepeaters(repeaters)
  if (refusal !== undefined) return refusal
  const meanAge = ageWeeks.reduce((sum, age, at) => sum + age * customersAlike[at]!, 0) / customers
  const maximum = yield* maximiseFrom(bgNbdLikelihood(groups, meanAge), starts, box)
  return fitOf(maximum, { r: 1, alpha: meanAge, a: 1, b: 1 }, { customers, repeaters })
}

const isSummary = ({ ageWeeks, frequency, recencyWeeks }: RecencyFrequency): boolean =>
  Number.isInteger(frequency) &&
  frequency >= 0 &&
  frequency <= frequencyMax &&
  Number.isFinite(ageWeeks) &&
  recencyWeeks >= 0 &&
  recencyWeeks <= ageWeeks &&
  frequency > 0 === recencyWeeks > 0
