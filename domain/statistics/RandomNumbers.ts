import { fillNumbers } from "./xoshiro128.ts"

/** A stream of numbers that a seed determines, for simulations; nothing that must not be guessed may come from it. */
export interface RandomNumbers {
  /** Between 0 and 1, neither included, with 32 bits. */
  readonly uniform: () => number
  /** Standard normal, by the polar method (Marsaglia and Bray 1964). */
  readonly normal: () => number
}

/** Turns a seed into four words that look alike for no two seeds (SplitMix, Steele, Lea, Flood 2014, in 32 bits). */
const words = (seed: number): Uint32Array => {
  let state = seed >>> 0
  return Uint32Array.from({ length: 4 }, () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  })
}

/** Numbers that are made at a time. */
const numbersAtOnce = 64

/** Numbers of xoshiro128**. */
export const randomNumbers = (seed: number): RandomNumbers => {
  const state = words(seed)
  const numbers = new Uint32Array(numbersAtOnce)
  let at = numbersAtOnce
  const next = (): number => {
    if (at === numbersAtOnce) {
      fillNumbers(state, numbers)
      at = 0
    }
    at += 1
    return numbers[at - 1]!
  }
  const uniform = (): number => (next() + 0.5) / 2 ** 32
  let spare: number | undefined
  const normal = (): number => {
    if (spare !== undefined) {
      const kept = spare
      spare = undefined
      return kept
    }
    for (;;) {
      const x = 2 * uniform() - 1
      const y = 2 * uniform() - 1
      const square = x * x + y * y
      if (square >= 1 || square === 0) continue
      const scale = Math.sqrt((-2 * Math.log(square)) / square)
      spare = y * scale
      return x * scale
    }
  }
  return { uniform, normal }
}
