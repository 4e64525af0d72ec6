import type { CovariateSums, RatioCovariateSums } from "../cuped.ts"
import type { PairSums } from "../SampleSums.ts"

/** Sums of units with a covariate (`null` without history) and an outcome each. */
export const sumCovariates = (units: ReadonlyArray<readonly [x: number | null, y: number]>): CovariateSums => {
  const known = units.flatMap(([x, y]) => (x === null ? [] : [[x, y] as const]))
  return {
    count: units.length,
    sum: total(units, ([, y]) => y),
    squares: total(units, ([, y]) => y * y),
    covariate: {
      count: known.length,
      sum: total(known, ([x]) => x),
      squares: total(known, ([x]) => x * x),
      products: total(known, ([x, y]) => x * y),
      outcomes: total(known, ([, y]) => y)
    }
  }
}

/** Sums of units that bear two values each. */
export const sumPairs = (units: ReadonlyArray<readonly [left: number, right: number]>): PairSums => ({
  count: units.length,
  left: { sum: total(units, ([left]) => left), squares: total(units, ([left]) => left * left) },
  right: { sum: total(units, ([, right]) => right), squares: total(units, ([, right]) => right * right) },
  products: total(units, ([left, right]) => left * right)
})

/** Units with a ratio y by d, and the same x by m before (`null` without history). */
export interface RatioUnit {
  readonly y: number
  readonly d: number
  readonly before: { readonly x: number; readonly m: number } | null
}

export const sumRatios = (units: ReadonlyArray<RatioUnit>): RatioCovariateSums => {
  const known = units.flatMap(({ before, d, y }) => (before === null ? [] : [{ d, y, ...before }]))
  return {
    ...sumPairs(units.map(({ d, y }) => [y, d])),
    covariate: {
      before: sumPairs(known.map(({ m, x }) => [x, m])),
      xy: total(known, ({ x, y }) => x * y),
      xd: total(known, ({ d, x }) => x * d),
      my: total(known, ({ m, y }) => m * y),
      md: total(known, ({ d, m }) => m * d),
      y: total(known, ({ y }) => y),
      d: total(known, ({ d }) => d)
    }
  }
}

const total = <A>(values: ReadonlyArray<A>, of: (value: A) => number): number =>
  values.reduce((sum, value) => sum + of(value), 0)
