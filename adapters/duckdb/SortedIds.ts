/** Hashes fall into ranges by their first bits, so that a search looks at a few cache lines. */
const rangeBits = 20
const rangeShift = 32 - rangeBits
const rangeCount = 2 ** rangeBits

/** 64-bit hashes in ascending order, 8 bytes each: what a file held when it was opened. */
export class SortedIds {
  /** Low and high word in turn. */
  readonly #words: Uint32Array
  readonly #hashes: BigUint64Array
  /** Where each range begins. */
  readonly #starts = new Uint32Array(rangeCount + 1)
  #range = 0
  #size = 0

  constructor(capacity: number) {
    this.#hashes = new BigUint64Array(capacity)
    this.#words = new Uint32Array(this.#hashes.buffer)
  }

  get size(): number {
    return this.#size
  }

  /** Takes hashes that are not below those taken before; none once `has` was asked. */
  append(hashes: BigUint64Array): void {
    const from = this.#size
    this.#hashes.set(hashes, from)
    this.#size += hashes.length
    for (let at = from; at < this.#size; at += 1) {
      const range = this.#words[at * 2 + 1]! >>> rangeShift
      while (this.#range < range) this.#starts[++this.#range] = at
    }
  }

  has(high: number, low: number): boolean {
    const range = high >>> rangeShift
    let from = range > this.#range ? this.#size : this.#starts[range]!
    let to = range >= this.#range ? this.#size : this.#starts[range + 1]!
    while (from < to) {
      const middle = (from + to) >>> 1
      const middleHigh = this.#words[middle * 2 + 1]!
      const middleLow = this.#words[middle * 2]!
      if (middleHigh === high && middleLow === low) return true
      if (middleHigh < high || (middleHigh === high && middleLow < low)) from = middle + 1
      else to = middle
    }
    return false
  }
}
