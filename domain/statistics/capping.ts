import { quantileOf } from "./quantile.ts"

/** Where totals of units are cut: at a value, or at a percentile of all arms' totals together. */
export type CapRule =
  | { readonly kind: "absolute"; readonly value: number }
  | { readonly kind: "percentile"; readonly share: number; readonly ignoreZeros?: boolean }

export interface Capped {
  /** `undefined` where there was nothing to take a percentile of. */
  readonly cap: number | undefined
  /** Share of units that were cut. */
  readonly cappedShare: number
}

/**
 * The value at which totals are cut (one for all arms, so that no arm is cut more than another). The units' values from
 * before the exposure are cut at the same one, before any adjustment by them.
 */
export const capOf = (rule: CapRule, totals: ReadonlyArray<number>): number | undefined =>
  rule.kind === "absolute"
    ? rule.value
    : quantileOf((rule.ignoreZeros ?? true) ? totals.filter((total) => total !== 0) : totals, rule.share)

/** A value cut at the cap. */
export const capAt = (value: number, cap: number | undefined): number =>
  cap === undefined ? value : Math.min(value, cap)

/** The cap of all arms' totals together, and the share of units above it. */
export const capping = (rule: CapRule, totals: ReadonlyArray<number>): Capped => {
  const cap = capOf(rule, totals)
  const above = cap === undefined ? 0 : totals.filter((total) => total > cap).length
  return { cap, cappedShare: totals.length === 0 ? 0 : above / totals.length }
}
