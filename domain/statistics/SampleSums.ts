/** All that a mean, a variance and what is derived from them need of a sample; sums of samples are those of their union. */
export interface SampleSums {
  readonly count: number
  /** Σ y */
  readonly sum: number
  /** Σ y² */
  readonly squares: number
}

/** Of units that bear two values each. */
export interface PairSums {
  readonly count: number
  readonly left: { readonly sum: number; readonly squares: number }
  readonly right: { readonly sum: number; readonly squares: number }
  /** Σ left · right */
  readonly products: number
}

export const noSample: SampleSums = { count: 0, sum: 0, squares: 0 }

export const sumSample = (values: ReadonlyArray<number>): SampleSums =>
  values.reduce(
    (sums, value) => ({ count: sums.count + 1, sum: sums.sum + value, squares: sums.squares + value * value }),
    noSample
  )

export const mergeSamples = (left: SampleSums, right: SampleSums): SampleSums => ({
  count: left.count + right.count,
  sum: left.sum + right.sum,
  squares: left.squares + right.squares
})

/** Σ (y − ȳ)(x − x̄) from plain sums; squares of one value give its own deviations, never below zero. */
export const deviations = (count: number, products: number, left: number, right: number): number =>
  products - (left * right) / count

/** Sample variance with n − 1, 0 where rounding alone is left. */
export const sampleVariance = ({ count, squares, sum }: SampleSums): number => {
  const rest = deviations(count, squares, sum, sum)
  return rest > count * Number.EPSILON * squares ? rest / (count - 1) : 0
}
