import { normalUpperTail } from "./normal.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"

export interface NormalTest {
  readonly z: number
  /** Two-sided. */
  readonly pValue: number
}

/** Successes in trials. */
export interface Proportion {
  readonly successes: number
  readonly trials: number
}

/**
 * Two-sided z test of two rates with the pooled rate's variance (Fleiss, Levin, Paik, "Statistical methods for rates and
 * proportions", 3rd ed., 3.1, without correction for continuity); z is positive where the treatment's rate is higher.
 */
export const comparePooled = (control: Proportion, treatment: Proportion): NormalTest | StatisticsRefusal => {
  if (!(control.trials > 0 && treatment.trials > 0)) return "no_units"
  if (![control, treatment].every(({ successes, trials }) => successes >= 0 && successes <= trials))
    return "out_of_range"
  const pooled = (control.successes + treatment.successes) / (control.trials + treatment.trials)
  const variance = pooled * (1 - pooled) * (1 / control.trials + 1 / treatment.trials)
  if (!(variance > 0)) return "no_variance"
  const z = (treatment.successes / treatment.trials - control.successes / control.trials) / Math.sqrt(variance)
  return { z, pValue: 2 * normalUpperTail(Math.abs(z)) }
}
