import { maximise } from "../statistics/maximise.ts"
import type { Box, Maximum, Objective, StopReason } from "../statistics/maximise.ts"
import { roundSignificant } from "../statistics/significantDigits.ts"
import type { Steps } from "../statistics/steps.ts"

/** Fewer people than this do not tell four parameters apart from chance. */
export const customersMin = 100

/** Fewer people than this who bought again leave dropout, or spend, to a handful of customers. */
export const repeatersMin = 30

/** Why nothing was fitted. `found` and `needed` count people; `index` is the place of the first summary that is none. */
export type FitRefusal =
  | {
      readonly outcome: "refused"
      readonly reason: "too_few_customers" | "too_few_repeaters"
      readonly found: number
      readonly needed: number
    }
  | { readonly outcome: "refused"; readonly reason: "invalid_summary"; readonly index: number }

/**
 * Parameters by maximum likelihood, numbers rounded to 12 significant digits. Only with `convergence: "converged"` are
 * they a maximum inside the space of parameters; with any other reason they are the best point found, and have no
 * standard errors.
 */
export interface Fit<Parameters> {
  readonly outcome: "fitted"
  readonly parameters: Parameters
  /** From the observed information at the maximum, taken back from logarithms by the delta method. */
  readonly standardErrors: Parameters | undefined
  readonly logLikelihood: number
  /** Length of the log-likelihood's gradient over the logarithms of the parameters. */
  readonly gradientNorm: number
  /** Accepted steps of the search that gave the parameters. */
  readonly iterations: number
  readonly convergence: StopReason
  readonly customers: number
  readonly repeaters: number
}

/** The refusal that so few customers call for, `undefined` where they suffice. */
export const refuseFewCustomers = (found: number): FitRefusal | undefined =>
  found < customersMin ? { outcome: "refused", reason: "too_few_customers", found, needed: customersMin } : undefined

/** The refusal that so few who bought again call for, `undefined` where they suffice. */
export const refuseFewRepeaters = (found: number): FitRefusal | undefined =>
  found < repeatersMin ? { outcome: "refused", reason: "too_few_repeaters", found, needed: repeatersMin } : undefined

/** The first start that leads to a maximum inside the box, or else the best point that any of them leads to. */
export function* maximiseFrom(
  objective: Objective,
  starts: ReadonlyArray<ReadonlyArray<number>>,
  box: Box
): Steps<Maximum> {
  let best: Maximum | undefined
  for (const start of starts) {
    const found = yield* maximise(objective, start, box)
    if (found.reason === "converged") return found
    if (best === undefined || found.value > best.value) best = found
  }
  return best!
}

/** A maximum over logarithms as a fit: `units` takes each parameter from the unit of the search to that of the answer. */
export const fitOf = <Name extends string>(
  { covariance, gradientNorm, iterations, point, reason, value }: Maximum,
  units: Readonly<Record<Name, number>>,
  people: { readonly customers: number; readonly repeaters: number }
): Fit<Readonly<Record<Name, number>>> => {
  const names = Object.keys(units) as Array<Name>
  const estimates = names.map((name, i) => Math.exp(point[i]!) * units[name])
  const record = (values: ReadonlyArray<number>): Readonly<Record<Name, number>> =>
    Object.fromEntries(names.map((name, i) => [name, roundSignificant(values[i]!)])) as Record<Name, number>
  return {
    outcome: "fitted",
    parameters: record(estimates),
    standardErrors:
      covariance === undefined
        ? undefined
        : record(estimates.map((estimate, i) => estimate * Math.sqrt(covariance[i]![i]!))),
    logLikelihood: roundSignificant(value),
    gradientNorm: roundSignificant(gradientNorm),
    iterations,
    convergence: reason,
    ...people
  }
}
