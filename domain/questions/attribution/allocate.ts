/**
 * Divides an amount in whole units in proportion to whole weights: each share is rounded down, what is left over goes by
 * one to the largest remainders, among equal ones to the earlier. The shares add up to the amount exactly (Hamilton's
 * method; https://en.wikipedia.org/wiki/Largest_remainders_method). A negative amount is divided as its opposite.
 */
export const allocate = (amount: bigint, weights: ReadonlyArray<bigint>): ReadonlyArray<bigint> => {
  if (weights.length === 1) return [amount]
  if (amount < 0n) return allocate(-amount, weights).map((share) => -share)
  const whole = weights.reduce((sum, weight) => sum + weight, 0n)
  const shares = weights.map((weight) => (amount * weight) / whole)
  const left = Number(amount - shares.reduce((sum, share) => sum + share, 0n))
  if (left === 0) return shares
  const remainders = weights.map((weight, at) => ({ at, remainder: (amount * weight) % whole }))
  remainders.sort((a, b) => (a.remainder === b.remainder ? a.at - b.at : a.remainder > b.remainder ? -1 : 1))
  for (const { at } of remainders.slice(0, left)) shares[at]! += 1n
  return shares
}
