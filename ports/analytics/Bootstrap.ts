/** Draws of every bootstrap. */
export const bootstrapDraws = 500
/** Rows of people and cells that one bootstrap takes, and statistics that it tells of. */
export const bootstrapRowsMax = 500_000
export const bootstrapStatisticsMax = 5000

/**
 * What people bring to cells: rows of a person and a key. Whatever a key stands for counts in each of its cells. Sums of
 * what is no whole number depend on the order of the rows.
 */
export interface PersonRows {
  /** Two words for each row: a person is a hash of 64 bits. */
  readonly people: Uint32Array<ArrayBuffer>
  readonly keys: Uint32Array<ArrayBuffer>
  readonly measures: ReadonlyArray<Float64Array<ArrayBuffer>>
}

export interface BootstrapRequest extends PersonRows {
  /** Equal seeds give equal draws. */
  readonly seed: string
  readonly cellCount: number
  /** By key. */
  readonly cellsOfKey: ReadonlyArray<ReadonlyArray<number>>
  /** Two for each statistic, each `cell × measures + measure`: a sum, and what divides it; −1: nothing does. */
  readonly statistics: Int32Array<ArrayBuffer>
  /** Instead of each of them, means of as many that follow each other: in every draw, of those that have a value. */
  readonly meansOf?: Uint32Array<ArrayBuffer>
}

export interface BootstrapResult {
  /** By statistic; NaN where fewer than half of the draws have a value. */
  readonly low: Float64Array<ArrayBuffer>
  readonly high: Float64Array<ArrayBuffer>
  /** By cell. */
  readonly people: Uint32Array<ArrayBuffer>
}
