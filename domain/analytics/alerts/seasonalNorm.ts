/** Spreads from the median that still are usual. Of a normal spread, medium is passed once in 16,000 buckets. */
export const sensitivities = { low: 6, medium: 4, high: 3 } as const

/** Makes the median absolute deviation of a normal distribution its standard deviation: 1 / Φ⁻¹(3/4). */
const normalScale = 1.482602218505602
/** Least spread of a number that is no count, as a share of its median: few samples may happen to be equal. */
const spreadShareMin = 0.05

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * What is usual by past values of the same season: median ± spreads of the scaled median absolute deviation, which one
 * odd week does not move (Leys et al. 2013, J. Exp. Soc. Psychol. 49). A count spreads by its square root at least, as
 * Poisson's does; so few events never are an alarm.
 */
export const seasonalNorm = (
  samples: ReadonlyArray<number>,
  { isCount, sensitivity }: { readonly isCount: boolean; readonly sensitivity: keyof typeof sensitivities }
): { readonly median: number; readonly low: number; readonly high: number } => {
  const centre = median(samples)
  const deviation = normalScale * median(samples.map((value) => Math.abs(value - centre)))
  const floor = isCount ? Math.sqrt(Math.max(1, centre)) : spreadShareMin * Math.abs(centre)
  const reach = sensitivities[sensitivity] * Math.max(deviation, floor)
  return { median: centre, low: isCount ? Math.max(0, centre - reach) : centre - reach, high: centre + reach }
}
