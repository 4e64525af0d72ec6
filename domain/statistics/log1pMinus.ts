/** From here on the difference itself keeps its digits. */
const seriesUntil = 0.5

/** ln(1 + x) − x for x > −1, with all digits near zero: by the series of artanh(x / (2 + x)) (DLMF 4.6.4). */
export const log1pMinus = (x: number): number => {
  if (Math.abs(x) > seriesUntil) return Math.log1p(x) - x
  const ratio = x / (2 + x)
  const square = ratio * ratio
  let power = ratio * square
  let sum = 0
  for (let odd = 3; Math.abs(power) > 0; odd += 2) {
    const next = sum + power / odd
    if (next === sum) break
    sum = next
    power *= square
  }
  return 2 * sum - x * ratio
}
