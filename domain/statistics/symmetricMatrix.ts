/** A square matrix by rows; of a symmetric one only the lower triangle is read. */
export type Matrix = ReadonlyArray<ReadonlyArray<number>>

/** The lower triangle L with L Lᵀ = matrix (Cholesky), `undefined` where the matrix is not positive definite. */
const cholesky = (matrix: Matrix): ReadonlyArray<ReadonlyArray<number>> | undefined => {
  const lower: Array<Array<number>> = []
  for (const [i, source] of matrix.entries()) {
    const row: Array<number> = []
    for (let j = 0; j <= i; j++) {
      let rest = source[j]!
      for (let k = 0; k < j; k++) rest -= row[k]! * (j === i ? row[k]! : lower[j]![k]!)
      if (j < i) row.push(rest / lower[j]![j]!)
      // What is left after the earlier columns is rounding alone where it lies this far below what was there.
      else if (rest > Number.EPSILON * Math.abs(source[i]!)) row.push(Math.sqrt(rest))
      else return undefined
    }
    lower.push(row)
  }
  return lower
}

/** The x with matrix · x = right side, `undefined` where the symmetric matrix is not positive definite. */
export const solvePositiveDefinite = (matrix: Matrix, right: ReadonlyArray<number>): Array<number> | undefined => {
  const lower = cholesky(matrix)
  if (lower === undefined) return undefined
  const x = [...right]
  for (let i = 0; i < x.length; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i]![k]! * x[k]!
    x[i]! /= lower[i]![i]!
  }
  for (let i = x.length - 1; i >= 0; i--) {
    for (let k = i + 1; k < x.length; k++) x[i]! -= lower[k]![i]! * x[k]!
    x[i]! /= lower[i]![i]!
  }
  return x
}

/** The inverse, `undefined` where the symmetric matrix is not positive definite. */
export const invertPositiveDefinite = (matrix: Matrix): Matrix | undefined => {
  const columns = matrix.map((_, i) =>
    solvePositiveDefinite(
      matrix,
      matrix.map((__, j) => (i === j ? 1 : 0))
    )
  )
  return columns.every((column) => column !== undefined) ? columns : undefined
}
