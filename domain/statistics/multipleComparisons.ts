/** How the p-values of a family are corrected. */
export type Correction = "none" | "holm" | "benjamini_hochberg"

export interface CorrectedFamily {
  /** In the order of the p-values given. */
  readonly adjusted: ReadonlyArray<number>
  /** Each interval of the family stands at 1 − this. */
  readonly intervalAlpha: number
}

/** Holm 1979: step down, controls the chance of any false finding. */
export const holm = (pValues: ReadonlyArray<number>): ReadonlyArray<number> => {
  let largest = 0
  return inOrder(
    pValues,
    ascending(pValues),
    (p, rank, count) => (largest = Math.max(largest, Math.min(1, (count - rank) * p)))
  )
}

/** Benjamini and Hochberg 1995: step up, controls the share of false findings among all findings. */
export const benjaminiHochberg = (pValues: ReadonlyArray<number>): ReadonlyArray<number> => {
  let smallest = 1
  return inOrder(
    pValues,
    ascending(pValues).toReversed(),
    (p, rank, count) => (smallest = Math.min(smallest, (count * p) / (count - rank)))
  )
}

/**
 * Wang and Ramdas, "False discovery rate control with e-values", 2022: the base procedure on e-values, valid under any
 * dependence. The adjusted value of a hypothesis is the smallest α at which e-BH finds it.
 */
export const eBenjaminiHochberg = (eValues: ReadonlyArray<number>): ReadonlyArray<number> =>
  benjaminiHochberg(eValues.map((e) => (e > 0 ? 1 / e : Number.POSITIVE_INFINITY)))

/**
 * A family corrected, with the level of its intervals: Bonferroni's α/m under Holm, α·R/m under Benjamini–Hochberg with R
 * findings (Benjamini and Yekutieli, "False discovery rate–adjusted multiple confidence intervals", 2005). Without a
 * finding R counts as 1.
 */
export const correctFamily = (
  pValues: ReadonlyArray<number>,
  correction: Correction,
  alpha: number
): CorrectedFamily => {
  const count = Math.max(1, pValues.length)
  if (correction === "none") return { adjusted: pValues, intervalAlpha: alpha }
  if (correction === "holm") return { adjusted: holm(pValues), intervalAlpha: alpha / count }
  const adjusted = benjaminiHochberg(pValues)
  const found = adjusted.filter((p) => p < alpha).length
  return { adjusted, intervalAlpha: (alpha * Math.max(1, found)) / count }
}

const ascending = (values: ReadonlyArray<number>): ReadonlyArray<number> =>
  values.map((_, index) => index).toSorted((a, b) => values[a]! - values[b]!)

/** Values by their ranks, answered in the order in which they were given. */
const inOrder = (
  values: ReadonlyArray<number>,
  order: ReadonlyArray<number>,
  of: (value: number, rank: number, count: number) => number
): ReadonlyArray<number> => {
  const answers = Array.from(values, () => 0)
  for (const [rank, index] of order.entries()) answers[index] = of(values[index]!, rank, values.length)
  return answers
}
