import type { Metric } from "effect"
import { Context } from "effect"

/** The series stands at 0 from the start, so that its first increase is seen as one. */
export const fromZero = <Series extends Metric.Metric<number, unknown>>(counter: Series): Series => {
  counter.updateUnsafe(0, Context.empty())
  return counter
}
