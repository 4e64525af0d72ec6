import type { Interval } from "./Interval.ts"
import { normalQuantile } from "./normal.ts"
import type { Proportion } from "./pooledProportions.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"
import { wilsonInterval } from "./wilson.ts"

/**
 * Interval of the difference of two rates, treatment less control, from both score intervals (Newcombe, "Interval
 * estimation for the difference between independent proportions", 1998, method 10).
 */
export const newcombeInterval = (
  control: Proportion,
  treatment: Proportion,
  alpha: number
): Interval | StatisticsRefusal => {
  if (!(control.trials > 0 && treatment.trials > 0)) return "no_units"
  if (!(alpha > 0 && alpha < 1)) return "out_of_range"
  if (![control, treatment].every(({ successes, trials }) => successes >= 0 && successes <= trials))
    return "out_of_range"
  const z = -normalQuantile(alpha / 2)
  const rateA = control.successes / control.trials
  const rateB = treatment.successes / treatment.trials
  const [lowA, highA] = wilsonInterval(control.successes, control.trials, z)
  const [lowB, highB] = wilsonInterval(treatment.successes, treatment.trials, z)
  const difference = rateB - rateA
  return [difference - Math.hypot(rateB - lowB, highA - rateA), difference + Math.hypot(highB - rateB, rateA - lowA)]
}
