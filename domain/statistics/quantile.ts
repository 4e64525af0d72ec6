/**
 * The value below which the share lies, linear between neighbours (Hyndman and Fan 1996, definition 7, the one of
 * `quantile_cont`); `undefined` of nothing.
 */
export const quantileOf = (values: ReadonlyArray<number>, share: number): number | undefined =>
  quantileOfSorted(
    values.toSorted((a, b) => a - b),
    share
  )

/** The same of values that ascend already. */
export const quantileOfSorted = (ascending: ReadonlyArray<number>, share: number): number | undefined => {
  if (ascending.length === 0) return undefined
  const position = Math.min(1, Math.max(0, share)) * (ascending.length - 1)
  const low = Math.floor(position)
  const below = ascending[low]!
  return low === position ? below : below + (position - low) * (ascending[low + 1]! - below)
}
