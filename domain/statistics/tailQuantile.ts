const stepsMax = 200
const precision = 1e-15

/** One tail of a distribution on (0, ∞) and its density; `tail` falls or rises throughout. */
export interface Tail {
  readonly tail: (x: number) => number
  readonly density: (x: number) => number
  readonly falls: boolean
}

/**
 * The x > 0 whose tail is `target` (0 < target < 1): Newton's method on ln tail over ln x, held inside a bracket that
 * each step narrows, so that it ends whatever the guess.
 */
export const tailQuantile = ({ density, falls, tail }: Tail, target: number, guess: number): number => {
  const logTarget = Math.log(target)
  let low = Math.log(Number.MIN_VALUE)
  let high = Math.log(Number.MAX_VALUE)
  let y = Math.min(high, Math.max(low, Math.log(guess)))
  for (let step = 0; step < stepsMax && high - low > precision * Math.abs(y); step++) {
    const x = Math.exp(y)
    const share = tail(x)
    const excess = Math.log(share) - logTarget
    if (excess === 0) return x
    if (excess > 0 === falls) low = y
    else high = y
    const next = y + ((falls ? excess : -excess) * share) / (x * density(x))
    const inside = next > low && next < high
    const moved = inside ? next : (low + high) / 2
    if (inside && Math.abs(moved - y) <= precision) return Math.exp(moved)
    y = moved
  }
  return Math.exp(y)
}
