const stepsMax = 200

/**
 * The x between `low` and `high` where a continuous function crosses zero (Chandrupatla, "A new hybrid quadratic /
 * bisection algorithm", 1997); `undefined` where both ends lie on one side. The answer is off by `precision` of its size.
 */
export const findRoot = (
  f: (x: number) => number,
  low: number,
  high: number,
  precision = 2 * Number.EPSILON
): number | undefined => {
  let [a, b] = [low, high]
  let [fa, fb] = [f(a), f(b)]
  if (fa === 0) return a
  if (fb === 0) return b
  if (!(fa < 0 === fb > 0)) return undefined
  let share = 0.5
  for (let step = 0; step < stepsMax; step++) {
    const x = a + share * (b - a)
    const fx = f(x)
    let [c, fc] = [a, fa]
    if (fx < 0 === fa < 0) [a, fa] = [x, fx]
    else [c, fc, b, fb, a, fa] = [b, fb, a, fa, x, fx]
    const nearest = Math.abs(fa) < Math.abs(fb) ? a : b
    const edge = (precision * Math.abs(nearest) + Number.MIN_VALUE) / Math.abs(b - a)
    if (edge > 0.5 || fa === 0 || fb === 0) return nearest
    share = Math.min(1 - edge, Math.max(edge, inverseQuadratic(a, fa, b, fb, c, fc) ?? 0.5))
  }
  return a
}

/** Where between a and b the quadratic through three points crosses zero; `undefined` where it is not to be trusted. */
const inverseQuadratic = (a: number, fa: number, b: number, fb: number, c: number, fc: number): number | undefined => {
  const xi = (a - b) / (c - b)
  const phi = (fa - fb) / (fc - fb)
  if (!(phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi)) return undefined
  return (fa / (fb - fa)) * (fc / (fb - fc)) + (((c - a) / (b - a)) * fa * fb) / ((fc - fa) * (fc - fb))
}
