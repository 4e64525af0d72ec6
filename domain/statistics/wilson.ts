/** Two-sided 95 % quantile of the normal distribution. */
const z95 = 1.959963984540054

/**
 * Score interval of a rate (Wilson, "Probable inference, the law of succession, and statistical inference", 1927), 95 %.
 * `trials` is 1 or more.
 */
export const wilsonInterval = (successes: number, trials: number, z: number = z95): readonly [number, number] => {
  const rate = successes / trials
  const square = z * z
  const centre = rate + square / (2 * trials)
  const spread = z * Math.sqrt((rate * (1 - rate)) / trials + square / (4 * trials * trials))
  const scale = 1 + square / trials
  return [successes === 0 ? 0 : (centre - spread) / scale, successes === trials ? 1 : (centre + spread) / scale]
}
