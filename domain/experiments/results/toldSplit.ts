import type { SplitCheck } from "../../../ports/experiments/ExperimentResults.ts"
import type { RatioMismatch } from "../../statistics/ratioMismatch.ts"
import type { StatisticsRefusal } from "../../statistics/StatisticsRefusal.ts"

/** A check of the split as results tell it; nothing where it could not be made. */
export const toldSplit = (check: RatioMismatch | StatisticsRefusal): SplitCheck | null =>
  typeof check === "string"
    ? null
    : {
        units: check.units,
        p_value: check.pValue,
        mismatch: check.mismatch,
        chi_square: check.chiSquare,
        chi_square_p_value: check.chiSquarePValue
      }
