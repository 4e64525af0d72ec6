import type { ArmEstimate } from "./ArmEstimate.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"

/** Two slices that ran at the same time, at one step of a rollout. */
export interface Stratum {
  readonly control: ArmEstimate
  readonly treatment: ArmEstimate
}

/**
 * Both arms over several steps as if each step had been one experiment: means of the strata weighted by their units, so
 * that a share that changes with time is not taken for an effect (Cochran, "Sampling techniques", 3rd ed., 5.3).
 */
export const stratify = (strata: ReadonlyArray<Stratum>): Stratum | StatisticsRefusal => {
  const usable = strata.filter(({ control, treatment }) => control.count > 0 && treatment.count > 0)
  const units = usable.reduce((sum, { control, treatment }) => sum + control.count + treatment.count, 0)
  if (units === 0) return "no_units"
  const over = (arm: keyof Stratum): ArmEstimate => {
    let [count, mean, variance] = [0, 0, 0]
    for (const stratum of usable) {
      const share = (stratum.control.count + stratum.treatment.count) / units
      count += stratum[arm].count
      mean += share * stratum[arm].mean
      variance += share * share * stratum[arm].variance
    }
    return { count, mean, variance }
  }
  return { control: over("control"), treatment: over("treatment") }
}
