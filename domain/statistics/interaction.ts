import type { ArmEstimate } from "./ArmEstimate.ts"
import type { Interval } from "./Interval.ts"
import { intervalAround } from "./Interval.ts"
import { normalQuantile, normalUpperTail } from "./normal.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"

/** Units that were in two experiments at once, by their arms. */
export interface OverlapCells {
  readonly bothControl: ArmEstimate
  readonly onlyFirst: ArmEstimate
  readonly onlySecond: ArmEstimate
  readonly bothTreatment: ArmEstimate
}

export interface Interaction {
  /** What the two changes do together beyond the sum of each, in the metric's unit. */
  readonly effect: number
  readonly interval: Interval
  /** Two-sided. */
  readonly pValue: number
}

/** Contrast of a 2 × 2 table, (both − second) − (first − none), with the sum of the cells' variances. */
export const interactionOf = (cells: OverlapCells, alpha: number): Interaction | StatisticsRefusal => {
  const all = [cells.bothControl, cells.onlyFirst, cells.onlySecond, cells.bothTreatment]
  if (!(alpha > 0 && alpha < 1)) return "out_of_range"
  if (all.some(({ count }) => !(count > 0))) return "no_units"
  const variance = all.reduce((sum, cell) => sum + cell.variance, 0)
  if (!(variance > 0)) return "no_variance"
  const effect = cells.bothTreatment.mean - cells.onlySecond.mean - (cells.onlyFirst.mean - cells.bothControl.mean)
  const deviation = Math.sqrt(variance)
  return {
    effect,
    interval: intervalAround(effect, -normalQuantile(alpha / 2) * deviation),
    pValue: 2 * normalUpperTail(Math.abs(effect) / deviation)
  }
}
