import type { Interval } from "../../statistics/Interval.ts"
import { roundSignificant } from "../../statistics/significantDigits.ts"

/** A share as percent: a quarter is 25, whatever its last bits. */
export const percent = (share: number): number => roundSignificant(100 * share)

/** `null` of what is no finite number. */
export const percentOrNull = (share: number | undefined): number | null =>
  share === undefined || !Number.isFinite(share) ? null : percent(share)

export const percents = (interval: Interval | undefined): Interval | null =>
  interval === undefined ? null : [percent(interval[0]), percent(interval[1])]
