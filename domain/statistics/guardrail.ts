import type { Interval } from "./Interval.ts"

/** Whether more of a metric is better. */
export type Direction = "increase" | "decrease"

export interface GuardrailBounds {
  /** Of the relative change, at 1 − α on both sides together. */
  readonly interval: Interval
  /** Of the relative change, each end at 1 − α by itself. */
  readonly oneSided: Interval
}

/**
 * `harmed`: all of the interval is beyond the margin. `at_risk`: the bound on the bad side is, so that a change cannot be
 * shipped yet. `safe`: the bound lies within the margin.
 */
export type GuardrailState = "safe" | "at_risk" | "harmed"

/** `margin` is the relative loss that is put up with, 0 or more (a test of non-inferiority). */
export const judgeGuardrail = (bounds: GuardrailBounds, direction: Direction, margin: number): GuardrailState => {
  const [low, high] = direction === "increase" ? bounds.interval : mirrored(bounds.interval)
  const [bound] = direction === "increase" ? bounds.oneSided : mirrored(bounds.oneSided)
  if (high < -margin && low <= high) return "harmed"
  return bound < -margin ? "at_risk" : "safe"
}

/** Whether a guardrail stands in the way of shipping. */
export const blocksShipping = (state: GuardrailState): boolean => state !== "safe"

const mirrored = ([low, high]: Interval): Interval => [-high, -low]
