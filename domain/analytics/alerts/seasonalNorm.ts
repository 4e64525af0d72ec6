/**
 * Spreads from the median that still are usual. Simulated on counts of 100 and more that spread up to three times as far
 * as Poisson's and to which nothing happens: of hours medium is passed once in 5,000 to 20,000, high once in 500, low
 * never in 200,000; of days, of which fewer are known, medium once in 1,400, of weeks once in 120.
 */
export const sensitivities = { low: 6, medium: 4, high: 3 } as const

/** Makes the median absolute deviation of a normal distribution its standard deviation: 1 / Φ⁻¹(3/4). */
const normalScale = 1.482602218505602
/** Least spread of a number that is no count, as a share of its median: few samples may happen to be equal. */
const spreadShareMin = 0.05
/** Fewer values of a season say nothing of how far they spread. */
const seasonValuesMin = 3

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** What spreads grow with: the square root of a count (Poisson), the size of an amount. */
const scaleOf = (centre: number, isCount: boolean): number =>
  isCount ? Math.sqrt(Math.max(1, centre)) : Math.abs(centre)

/**
 * How far values lie from the median of the others of their season, in units of their scale, over all seasons together:
 * a few weeks of one hour alone say little of it.
 */
export const dispersionOf = (seasons: Iterable<ReadonlyArray<number>>, isCount: boolean): number => {
  const distances: Array<number> = []
  for (const values of seasons) {
    if (values.length < seasonValuesMin) continue
    for (const [index, value] of values.entries()) {
      const centre = median(values.toSpliced(index, 1))
      const scale = scaleOf(centre, isCount)
      if (scale > 0) distances.push(Math.abs(value - centre) / scale)
    }
  }
  return distances.length === 0 ? 0 : normalScale * median(distances)
}

export interface NormOptions {
  readonly isCount: boolean
  readonly sensitivity: keyof typeof sensitivities
  /** Of all seasons together. */
  readonly dispersion: number
}

/**
 * What is usual by past values of the same season: median ± spreads. A spread is the scaled median absolute deviation,
 * which one odd week does not move (Leys et al. 2013, J. Exp. Soc. Psychol. 49), of the season itself or of all of them,
 * whichever is wider. A count spreads by its square root at least, so that few events never are an alarm.
 */
export const seasonalNorm = (
  samples: ReadonlyArray<number>,
  { dispersion, isCount, sensitivity }: NormOptions
): { readonly median: number; readonly low: number; readonly high: number } => {
  const centre = median(samples)
  const deviation = normalScale * median(samples.map((value) => Math.abs(value - centre)))
  const spread = Math.max(dispersion, isCount ? 1 : spreadShareMin) * scaleOf(centre, isCount)
  const reach = sensitivities[sensitivity] * Math.max(deviation, spread)
  return { median: centre, low: isCount ? Math.max(0, centre - reach) : centre - reach, high: centre + reach }
}
