import { studentUpperTail } from "./studentT.ts"

export interface Correlation {
  /** Pearson's r; `undefined` where one of the two does not vary. */
  readonly coefficient: number | undefined
  /** Two-sided probability of a coefficient at least this large if there is none (Student's t with n − 2 degrees). */
  readonly pValue: number | undefined
}

/** Pearson's product-moment correlation of two columns of equal length. */
export const correlate = (left: ReadonlyArray<number>, right: ReadonlyArray<number>): Correlation => {
  const count = left.length
  const leftMean = meanOf(left)
  const rightMean = meanOf(right)
  let both = 0
  let leftSquares = 0
  let rightSquares = 0
  for (let i = 0; i < count; i++) {
    const x = left[i]! - leftMean
    const y = right[i]! - rightMean
    both += x * y
    leftSquares += x * x
    rightSquares += y * y
  }
  const spread = Math.sqrt(leftSquares) * Math.sqrt(rightSquares)
  if (!(spread > 0) || count < 3) return { coefficient: undefined, pValue: undefined }
  const coefficient = Math.min(1, Math.max(-1, both / spread))
  const t = Math.abs(coefficient) * Math.sqrt((count - 2) / (1 - coefficient * coefficient))
  return { coefficient, pValue: 2 * studentUpperTail(t, count - 2) }
}

const meanOf = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length
