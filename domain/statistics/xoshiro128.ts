/**
 * Fills a list with the next numbers of xoshiro128** 1.1, each of 32 bits (Blackman and Vigna, "Scrambled linear
 * pseudorandom number generators", 2021), and leaves the state behind them.
 */
export const fillNumbers = (state: Uint32Array, numbers: Uint32Array): void => {
  let [a, b, c, d] = state as unknown as [number, number, number, number]
  for (let at = 0; at < numbers.length; at += 1) {
    const fivefold = Math.imul(b, 5)
    numbers[at] = Math.imul((fivefold << 7) | (fivefold >>> 25), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
  }
  state[0] = a
  state[1] = b
  state[2] = c
  state[3] = d
}
